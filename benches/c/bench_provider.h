/*
 * The events of benches/contestant/ours.rs, as an LTTng-UST tracepoint provider.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./bench_provider.h"

#if !defined(BENCH_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define BENCH_PROVIDER_H

#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(bench, small,
	LTTNG_UST_TP_ARGS(uint32_t, number),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(uint32_t, number, number)))

LTTNG_UST_TRACEPOINT_EVENT(bench, large,
	LTTNG_UST_TP_ARGS(uint64_t, bytes, uint32_t, number, const char *, name),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint64_t, bytes, bytes)
		lttng_ust_field_integer(uint32_t, number, number)
		lttng_ust_field_string(name, name)))

#endif

#include <lttng/tracepoint-event.h>
