/* counts_instructions: prints how many instructions a call of each of malloc's family (but posix_memalign) takes ("malloc 8"), more
 * than a call of nothing. A child makes the calls, and is stepped through them. Ends with 77 where that is not allowed.
 *
 * Compiled with -DALLOCATOR it is these functions, of which each takes as many instructions each time. */
#define _GNU_SOURCE
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef ALLOCATOR
static _Alignas(4096) char memory[1 << 26];
static size_t used = 4096;

/* All memory begins at a page, and its length stands before that. (`malloc` itself may be another's here.) */
static void *taken(size_t bytes)
{
	char *here = memory + used;
	used += (bytes + 8191) & ~(size_t)4095;
	((size_t *)here)[-1] = bytes;
	return here;
}

void *malloc(size_t bytes)
{
	return taken(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	return taken(count * bytes);
}

static void *moved(void *old, size_t bytes)
{
	void *new = taken(bytes);
	if (old) {
		size_t length = ((size_t *)old)[-1];
		memcpy(new, old, length < bytes ? length : bytes);
	}
	return new;
}

void *realloc(void *old, size_t bytes)
{
	return moved(old, bytes);
}

void *reallocarray(void *old, size_t count, size_t bytes)
{
	return moved(old, count * bytes);
}

void free(void *unused)
{
}

void *memalign(size_t align, size_t bytes)
{
	return taken(bytes);
}

void *aligned_alloc(size_t align, size_t bytes)
{
	return taken(bytes);
}

void *valloc(size_t bytes)
{
	return taken(bytes);
}

void *pvalloc(size_t bytes)
{
	return taken(bytes);
}
#else
static void *volatile memory;
static void *volatile none;

#define CALL(name, ...) \
	static void call_##name(void) \
	{ \
		memory = name(__VA_ARGS__); \
	}
CALL(malloc, 10)
CALL(calloc, 2, 10)
CALL(realloc, none, 10)
CALL(reallocarray, none, 2, 10)
CALL(memalign, 64, 10)
CALL(aligned_alloc, 64, 64)
CALL(valloc, 10)
CALL(pvalloc, 10)

static void call_free(void)
{
	free(memory);
}

/* What the mark behind a call takes: it goes through `syscall`, which may be another's here. */
static void call_nothing(void)
{
}

#define ROW(name) {#name, call_##name}
static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {ROW(nothing), ROW(malloc), ROW(free), ROW(calloc), ROW(realloc), ROW(reallocarray), ROW(memalign),
	     ROW(aligned_alloc), ROW(valloc), ROW(pvalloc)};
enum { CALLS = sizeof calls / sizeof *calls };

/* Stops, for the parent to see. */
static void mark(void)
{
	syscall(SYS_kill, getpid(), SIGSTOP);
}

static void make_calls(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(77);
	for (int i = 0; i < CALLS; i++) {
		/* The first call of a function also looks for it. */
		calls[i].call();
		mark();
		calls[i].call();
		mark();
	}
	_exit(0);
}

/* Whether the child stands at a mark. Ends if the child has. */
static int is_at_mark(pid_t child)
{
	int status;
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	if (WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
		kill(child, SIGKILL);
		exit(1);
	}
	return WSTOPSIG(status) == SIGSTOP;
}

int main(void)
{
	unsigned long of_nothing = 0;
	pid_t child = fork();
	if (child == 0)
		make_calls();
	for (int i = 0; i < CALLS; i++) {
		unsigned long steps = 0;
		while (!is_at_mark(child))
			ptrace(PTRACE_CONT, child, NULL, NULL);
		do {
			ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
			steps++;
		} while (!is_at_mark(child));
		if (i == 0)
			of_nothing = steps;
		else
			printf("%s %lu\n", calls[i].name, steps - of_nothing);
		ptrace(PTRACE_CONT, child, NULL, NULL);
	}
	waitpid(child, NULL, 0);
	return 0;
}
#endif
