/* A library to be preloaded: malloc takes 2 ms for 10,001 bytes, and free 1 ms always. */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void *__libc_malloc(size_t), __libc_free(void *);

static void wait_ns(long ns)
{
	syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = ns }, NULL);
}

void *malloc(size_t size)
{
	if (size == 10001)
		wait_ns(2000000);
	return __libc_malloc(size);
}

void free(void *memory)
{
	wait_ns(1000000);
	__libc_free(memory);
}
