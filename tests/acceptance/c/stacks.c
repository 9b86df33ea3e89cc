/* stacks WAY...: gets memory at the end of each way, and prints the block's length and who called, as the C library's backtrace()
 * tells it: the frames of the callers, from the innermost on. */
#define _GNU_SOURCE
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define ENTRIES 200

static size_t length = 100000;

/* Without stdio, which would ask for memory. The first frame is this one, where the two calls return to different addresses. */
__attribute__((noinline)) static void gets_memory(void)
{
	static void *entries[ENTRIES];
	static char text[ENTRIES * 20];
	void *memory = malloc(++length);
	int frames = backtrace(entries, ENTRIES);
	int at = sprintf(text, "%zu", length);
	for (int i = 1; i < frames; i++)
		at += sprintf(text + at, " %p", entries[i]);
	text[at++] = '\n';
	free(memory);
	if (write(1, text, at) != at)
		abort();
}

__attribute__((noinline)) static void deep(int levels)
{
	volatile char here[64];
	here[0] = levels;
	if (levels)
		deep(levels - 1);
	else
		gets_memory();
	here[1] = 0;
}

/* The compiler aligns the stack, and then finds the frame by a word in it. */
__attribute__((noinline)) static void aligned(int levels)
{
	volatile char here[128] __attribute__((aligned(128)));
	here[0] = levels;
	deep(levels);
	here[1] = 0;
}

__attribute__((noinline)) static void of_variable_length(int length)
{
	volatile char here[length];
	here[0] = 1;
	aligned(2);
	here[length - 1] = 0;
}

static int compares(const void *one, const void *other)
{
	gets_memory();
	return *(const int *)one - *(const int *)other;
}

static void handles(int signal)
{
	aligned(1);
}

/* A leaf that is interrupted, not called. */
__attribute__((noinline)) static void is_interrupted(int flags)
{
	static char memory[1 << 16];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
	struct sigaction action = { .sa_handler = handles, .sa_flags = flags };
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	raise(SIGUSR1);
}

/* The instruction itself faults; the handler makes the page writable. */
static char *page;

static void repairs(int signal)
{
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	aligned(1);
}

__attribute__((noinline)) static void faults(void)
{
	struct sigaction action = { .sa_handler = repairs };
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &action, NULL);
	*page = 1;
}

static void *of_thread(void *unused)
{
	of_variable_length(100);
	return NULL;
}

static ucontext_t outside, inside;

static void of_coroutine(void)
{
	of_variable_length(200);
	swapcontext(&inside, &outside);
	deep(3);
}

static void coroutine(void)
{
	size_t bytes = 1 << 16;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	getcontext(&inside);
	inside.uc_stack.ss_sp = memory;
	inside.uc_stack.ss_size = bytes;
	inside.uc_link = &outside;
	makecontext(&inside, of_coroutine, 0);
	swapcontext(&outside, &inside);
	deep(1);
	swapcontext(&outside, &inside);
	munmap(memory, bytes);
}

int main(int argc, char **argv)
{
	void *entry;
	backtrace(&entry, 1);
	for (int i = 1; i < argc; i++) {
		const char *way = argv[i];
		if (!strcmp(way, "deep"))
			for (int levels = 0; levels < 100; levels += 7)
				deep(levels);
		else if (!strcmp(way, "aligned"))
			of_variable_length(300);
		else if (!strcmp(way, "qsort")) {
			int numbers[] = { 3, 1, 2 };
			qsort(numbers, 3, sizeof(int), compares);
		} else if (!strcmp(way, "signal"))
			is_interrupted(0);
		else if (!strcmp(way, "signal_stack"))
			is_interrupted(SA_ONSTACK);
		else if (!strcmp(way, "fault"))
			faults();
		else if (!strcmp(way, "thread")) {
			pthread_t thread;
			pthread_create(&thread, NULL, of_thread, NULL);
			pthread_join(thread, NULL);
		} else if (!strcmp(way, "coroutine"))
			coroutine();
		else
			return 1;
	}
	return 0;
}
