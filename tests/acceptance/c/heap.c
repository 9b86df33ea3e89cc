/* heap ROUNDS: allocates and frees in known ways, and prints its own account:
 * allocations frees bytes peak_bytes leaked_bytes leaked_blocks
 * Without stdio, which allocates memory of its own. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long allocations, frees, bytes, live, peak;

static void came(unsigned long size)
{
	allocations++, bytes += size, live += size;
	if (live > peak)
		peak = live;
}

static void went(unsigned long size)
{
	frees++, live -= size;
}

__attribute__((noinline)) static void leak_five(void)
{
	for (int i = 0; i < 5; i++) {
		*(volatile char *)malloc(1000) = 1;
		came(1000);
	}
}

__attribute__((noinline)) static void leak_one(void)
{
	*(volatile char *)calloc(3, 41) = 1;
	came(123);
}

int main(int argc, char **argv)
{
	unsigned long rounds = strtoul(argv[1], NULL, 10);
	static void *blocks[64];
	char text[200];

	leak_five();
	for (int i = 0; i < 64; i++)
		blocks[i] = malloc(10000), came(10000);
	for (int i = 0; i < 64; i++)
		free(blocks[i]), went(10000);
	leak_one();
	for (unsigned long i = 0; i < rounds; i++) {
		void *block = malloc(i % 500 + 1);
		came(i % 500 + 1);
		block = realloc(block, i % 300 + 1);
		/* As valgrind counts it: both blocks are not live at a time. */
		went(i % 500 + 1), came(i % 300 + 1);
		free(block), went(i % 300 + 1);
		free(NULL);
	}
	void *aligned = NULL;
	if (posix_memalign(&aligned, 256, 300))
		return 1;
	came(300);
	free(aligned), went(300);
	int length = snprintf(text, sizeof text, "%lu %lu %lu %lu %lu %d\n", allocations, frees, bytes, peak, live, 6);
	return write(1, text, length) != length;
}
