/* allocates THREADS ROUNDS: each thread calls every function of malloc's family so many times, with lengths by which its calls
 * are told from those of the C library. Prints what it would print without us. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long rounds;

static void check(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

static void *allocate(void *unused)
{
	for (unsigned long i = 0; i < rounds; i++) {
		char *a = malloc(10001);
		char *b = calloc(3, 10002);
		check(b[0] == 0 && b[30005] == 0, "calloc clears");
		strcpy(a, "kept");
		a = realloc(a, 10003);
		check(!strcmp(a, "kept"), "realloc keeps");
		b = reallocarray(b, 2, 10004);
		void *c = memalign(64, 10005), *d = aligned_alloc(128, 10112), *e = NULL;
		check(posix_memalign(&e, 256, 10006) == 0, "posix_memalign");
		check(((uintptr_t)c & 63) == 0 && ((uintptr_t)d & 127) == 0 && ((uintptr_t)e & 255) == 0, "aligned");
		void *f = valloc(10007);
		free(a), free(b), free(c), free(d), free(e), free(f);
		errno = 7;
		free(malloc(10008));
		check(errno == 7, "errno is kept");
		check(malloc(SIZE_MAX / 2) == NULL && errno == ENOMEM, "no memory is said so");
		check(reallocarray(NULL, SIZE_MAX / 2, 10009) == NULL, "nor is a product too large");
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long threads = strtoul(argv[1], NULL, 10);
	pthread_t ids[64];

	rounds = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; i < threads; i++)
		check(pthread_create(&ids[i], NULL, allocate, NULL) == 0, "a thread");
	for (unsigned long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	puts("done");
	return 3;
}
