/*
 * What the contestants in C share (see benches/src/worker.rs): ./contestant BODY THREADS
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What Rust's black_box does: the compiler does not know what is in there afterwards. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value) : : "memory")

enum { MAX_THREADS = 64 };

struct task {
	void (*emit)(uint64_t events);
	uint64_t events;
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static void *run(void *task)
{
	((struct task *) task)->emit(((struct task *) task)->events);
	return NULL;
}

/* So many events in each of so many threads, which are new ones each time: streams are the CPUs', or there is one thread. */
static void measure(struct task *task, int threads)
{
	pthread_t helpers[MAX_THREADS];
	int i;

	for (i = 1; i < threads; i++)
		if (pthread_create(&helpers[i], NULL, run, task))
			abort();
	run(task);
	for (i = 1; i < threads; i++)
		pthread_join(helpers[i], NULL);
}

/* Answers until there are no more questions. */
static int serve(int argc, char **argv, void (*emit)(uint64_t events))
{
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	unsigned long long events;

	if (threads < 1 || threads > MAX_THREADS)
		return 2;
	puts("ready");
	fflush(stdout);
	while (scanf("%llu", &events) == 1) {
		struct task task = { emit, events };
		uint64_t start = now_ns();
		measure(&task, threads);
		printf("%llu\n", (unsigned long long)(now_ns() - start));
		fflush(stdout);
	}
	return 0;
}

static int refuse(const char *why)
{
	puts(why);
	return 1;
}
