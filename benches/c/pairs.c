/*
 * Allocates and frees: ./pairs pairs THREADS
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

int main(int argc, char **argv)
{
	return serve(argc, argv, pairs);
}
