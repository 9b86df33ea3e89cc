/*
 * Allocates and frees: ./pairs pairs THREADS, or ./pairs deep THREADS in functions that have called each other
 */
#include "contestant.h"

static void pairs(uint64_t events)
{
	while (events--) {
		void *memory = malloc(64);
		OPAQUE(memory);
		free(memory);
	}
}

enum { LEVELS = 16 };

static __attribute__((noinline)) void descend(uint64_t events, int levels)
{
	if (levels)
		descend(events, levels - 1);
	else
		pairs(events);
	/* Or the calls would be jumps. */
	OPAQUE(levels);
}

static void deep(uint64_t events)
{
	descend(events, LEVELS);
}

int main(int argc, char **argv)
{
	return serve(argc, argv, argc > 1 && !strcmp(argv[1], "deep") ? deep : pairs);
}
