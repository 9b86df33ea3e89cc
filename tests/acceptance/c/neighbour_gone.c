/*
 * A coroutine's stack lies right below the stack of the thread that runs it, and the memory between the two is taken away while the
 * coroutine lives. Below its first frame is the plain address of a function, as programs that switch stacks by hand leave it: the
 * look-up of that address finds the function before, whose frame is larger.
 *
 * Prints "first" and "second".
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { COROUTINE_BYTES = 1 << 15, BETWEEN_BYTES = 1 << 15, THREAD_BYTES = 1 << 18 };

/* Keeps this stack's registers at *FROM, and goes on with those at TO. */
void change(void **from, void *to);
__asm__("change:\n"
	"push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"mov %rsp, (%rdi)\n mov %rsi, %rsp\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
	"ret");

static void *volatile memory;
static void *of_thread, *of_coroutine;
static char *arena;

/* Not called: it lies before `over`. */
__attribute__((noinline, used)) static void large(void)
{
	volatile char frame[64];

	frame[0] = 1;
	memory = malloc(1);
	abort();
}

__attribute__((noinline, used)) static void over(void)
{
	abort();
}

static void coroutine(void)
{
	for (;;) {
		memory = malloc(5);
		free(memory);
		change(&of_coroutine, of_thread);
	}
}

static void *thread(void *unused)
{
	uintptr_t *top = (uintptr_t *)(arena + COROUTINE_BYTES);

	*--top = 0;
	*top = (uintptr_t)over;
	*--top = (uintptr_t)coroutine;
	for (int i = 0; i < 6; i++)
		*--top = 0;
	change(&of_thread, top);
	puts("first");
	fflush(stdout);
	mprotect(arena + COROUTINE_BYTES, BETWEEN_BYTES, PROT_NONE);
	change(&of_thread, of_coroutine);
	puts("second");
	return unused;
}

int main(void)
{
	size_t bytes = COROUTINE_BYTES + BETWEEN_BYTES + THREAD_BYTES;
	pthread_attr_t attributes;
	pthread_t id;

	arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, arena + COROUTINE_BYTES + BETWEEN_BYTES, THREAD_BYTES);
	if (pthread_create(&id, &attributes, thread, NULL))
		return 1;
	pthread_join(id, NULL);
	return 0;
}
