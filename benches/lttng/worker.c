/*
 * A contestant (see benches/src/worker.rs) that emits by LTTng-UST: ./worker small | large
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "bench_provider.h"

#include <stdio.h>
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

int main(int argc, char **argv)
{
	int is_large = argc > 1 && !strcmp(argv[1], "large");
	int is_on = is_large ? lttng_ust_tracepoint_enabled(bench, large)
			     : lttng_ust_tracepoint_enabled(bench, small);
	unsigned long long events;

	puts(is_on ? "ready" : "LTTng-UST did not enable the event");
	fflush(stdout);
	while (is_on && scanf("%llu", &events) == 1) {
		uint64_t start = now_ns();
		(is_large ? emit_large : emit_small)(events);
		printf("%llu\n", (unsigned long long)(now_ns() - start));
		fflush(stdout);
	}
	return 0;
}
