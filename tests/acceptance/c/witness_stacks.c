/* A library to be loaded behind the shim, whose malloc is the one that the shim calls. It writes each block, and who has called for it
 * as the C library's backtrace() tells, into the file that WITNESS names: the shim's own frames come first. */
#define _GNU_SOURCE
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ENTRIES 120

extern void *__libc_malloc(size_t bytes);

static int file = -1;
static __thread int is_inside;
static char text[1 << 16];
static size_t length;

static void put(unsigned long number, char end)
{
	char digits[20];
	int count = 0;
	do
		digits[count++] = "0123456789abcdef"[number % 16];
	while (number /= 16);
	while (count)
		text[length++] = digits[--count];
	text[length++] = end;
}

static void flush(void)
{
	for (size_t at = 0; at < length;) {
		ssize_t done = write(file, text + at, length - at);
		if (done <= 0)
			abort();
		at += done;
	}
	length = 0;
}

/* Of the program's first thread: the shim has one of its own. */
void *malloc(size_t bytes)
{
	void *memory = __libc_malloc(bytes);
	if (file < 0 || is_inside || gettid() != getpid())
		return memory;
	is_inside = 1;
	void *entries[ENTRIES];
	int frames = backtrace(entries, ENTRIES);
	put((unsigned long)memory, ' ');
	for (int i = 0; i < frames; i++)
		put((unsigned long)entries[i], i + 1 < frames ? ' ' : '\n');
	if (length > sizeof text / 2)
		flush();
	is_inside = 0;
	return memory;
}

__attribute__((constructor)) static void begins(void)
{
	void *entry;
	is_inside = 1;
	/* The first call loads the unwinder. */
	backtrace(&entry, 1);
	file = fcntl(open(getenv("WITNESS"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), F_DUPFD_CLOEXEC, 800);
	is_inside = 0;
}

__attribute__((destructor)) static void ends(void)
{
	flush();
	file = -1;
}
