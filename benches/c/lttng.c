/*
 * Emits by LTTng-UST: ./worker small|large THREADS
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "bench_provider.h"
#include "contestant.h"

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

	if (is_large ? !lttng_ust_tracepoint_enabled(bench, large) : !lttng_ust_tracepoint_enabled(bench, small))
		return refuse("LTTng-UST did not enable the event");
	return serve(argc, argv, is_large ? emit_large : emit_small);
}
