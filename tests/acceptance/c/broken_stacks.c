/* broken_stacks ROUNDS: gets memory where no table says who called, and where what looks like a stack is none. It prints how often. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096

/* Calls a function with its stack pointer there, and says nothing of it in any table. The frame pointer is the third argument. */
void *call_on(void *stack, void *(*function)(size_t), void *frame_pointer, size_t argument);
__asm__(".text\n"
	"call_on:\n"
	"	push %rbp\n	push %rbx\n"
	"	mov %rsp, %rbx\n"
	"	mov %rdi, %rsp\n"
	"	mov %rdx, %rbp\n"
	"	mov %rcx, %rdi\n"
	"	call *%rsi\n"
	"	mov %rbx, %rsp\n"
	"	pop %rbx\n	pop %rbp\n	ret\n");

/* Their tables lie: the frame of the one ends far behind any stack, and that of the other where its second argument says. */
void *lies_by_stack(size_t bytes);
void *lies_by_frame(size_t bytes, void *frame);
__asm__("lies_by_stack:\n"
	"	.cfi_startproc\n"
	"	sub $8, %rsp\n"
	"	.cfi_def_cfa_offset 0x200000\n"
	"	call malloc@PLT\n"
	"	add $8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"lies_by_frame:\n"
	"	.cfi_startproc\n"
	"	push %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov %rsi, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	call malloc@PLT\n"
	"	pop %rbp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n");

static jmp_buf back;
static unsigned long calls;

__attribute__((noinline)) static void *gets_memory(size_t bytes)
{
	void *memory = malloc(bytes);
	calls++;
	return memory;
}

/* Its tables say that its caller's address lies above its frame: that is the mapping's end, or no address at all. */
__attribute__((noinline)) static void *has_frame(size_t bytes)
{
	volatile char here[100];
	here[0] = bytes;
	void *memory = gets_memory(bytes);
	here[1] = 0;
	return memory;
}

__attribute__((noinline)) static void jumps(int levels)
{
	volatile char here[1000];
	here[0] = levels;
	free(gets_memory(77));
	if (levels)
		jumps(levels - 1);
	else
		longjmp(back, 1);
	here[1] = 0;
}

int main(int argc, char **argv)
{
	size_t bytes = 16 * PAGE;
	char *pages = mmap(NULL, bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(pages + bytes, PAGE, PROT_NONE);
	for (int rounds = atoi(argv[1]); rounds; rounds--) {
		/* What lies on this stack are addresses of code, of itself, of nothing. */
		void *odd[] = { (void *)main, (void *)printf, pages, (void *)-8, (void *)call_on, (void *)0x7fffffffffff, NULL };
		for (size_t i = 0; i < bytes / sizeof(void *); i++)
			((void **)pages)[i] = odd[rand() % 7];
		for (int near = 0; near < 20; near++) {
			char *stack = pages + bytes - 16 * near;
			void *frames[] = { NULL, stack, pages, (void *)-16, (void *)odd, stack - 8 };
			free(call_on(stack, near % 2 ? gets_memory : has_frame, frames[rand() % 6], 99));
			free(call_on(stack, malloc, frames[rand() % 6], 99));
			free(call_on(stack, lies_by_stack, NULL, 99));
			free(lies_by_stack(99));
			free(lies_by_frame(99, frames[rand() % 6]));
			calls++;
		}
		if (!setjmp(back))
			jumps(20);
	}
	printf("%lu\n", calls);
	return 0;
}
