/*
 * Emits by include/ust.h, with the shim preloaded: ./contestant small|large|switched_off THREADS
 */
#include "contestant.h"
#include <ust.h>

UST_TRACEPOINT(bench, small, UST_INFO, (u32, number));
UST_TRACEPOINT(bench, large, UST_INFO, (u64, bytes), (u32, number), (str, name));
/* Of a provider that nobody asked for. */
UST_TRACEPOINT(unheard_of, switched_off, UST_INFO, (u32, number));

static void emit_small(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++) {
		uint32_t number = i;
		OPAQUE(number);
		ust_bench_small(number);
	}
}

static void emit_large(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++) {
		uint32_t number = i;
		const char *name = "twelve bytes";
		OPAQUE(number);
		OPAQUE(name);
		ust_bench_large(i, number, name);
	}
}

static void emit_switched_off(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++) {
		uint32_t number = i;
		OPAQUE(number);
		ust_unheard_of_switched_off(number);
	}
}

int main(int argc, char **argv)
{
	const char *body = argc > 1 ? argv[1] : "";

	if (!ust_enabled(bench, small) || !ust_enabled(bench, large) || ust_enabled(unheard_of, switched_off))
		return refuse("the tracepoints are not as the recorder wants them");
	if (!strcmp(body, "small"))
		return serve(argc, argv, emit_small);
	if (!strcmp(body, "large"))
		return serve(argc, argv, emit_large);
	if (!strcmp(body, "switched_off"))
		return serve(argc, argv, emit_switched_off);
	return refuse("nobody is called that");
}
