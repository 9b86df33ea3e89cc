/*
 * A contestant (see benches/src/worker.rs) that emits by LTTng-UST: ./worker small|large THREADS
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "bench_provider.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What Rust's black_box does: the compiler does not know what is in there afterwards. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value) : : "memory")

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static void emit_small(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++) {
		uint32_t number = i;
		OPAQUE(number);
		lttng_ust_tracepoint(bench, small, number);
	}
}

static void emit_large(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++) {
		uint32_t number = i;
		const char *name = "twelve bytes";
		OPAQUE(number);
		OPAQUE(name);
		lttng_ust_tracepoint(bench, large, i, number, name);
	}
}

enum { MAX_THREADS = 64 };

struct task {
	void (*emit)(uint64_t events);
	uint64_t events;
};

static void *run(void *task)
{
	((struct task *) task)->emit(((struct task *) task)->events);
	return NULL;
}

/* So many events in each of so many threads; LTTng's streams are the CPUs', so threads may be new ones. */
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

int main(int argc, char **argv)
{
	int is_large = argc > 1 && !strcmp(argv[1], "large");
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	int is_on = is_large ? lttng_ust_tracepoint_enabled(bench, large)
			     : lttng_ust_tracepoint_enabled(bench, small);
	unsigned long long events;

	if (threads < 1 || threads > MAX_THREADS)
		return 2;
	puts(is_on ? "ready" : "LTTng-UST did not enable the event");
	fflush(stdout);
	while (is_on && scanf("%llu", &events) == 1) {
		struct task task = { is_large ? emit_large : emit_small, events };
		uint64_t start = now_ns();
		measure(&task, threads);
		printf("%llu\n", (unsigned long long)(now_ns() - start));
		fflush(stdout);
	}
	return 0;
}
