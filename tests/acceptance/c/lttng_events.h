/* What LTTng-UST's macros can describe. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER witness

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng_events.h"

#if !defined(LTTNG_EVENTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define LTTNG_EVENTS_H

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_ENUM(witness, kind,
    LTTNG_UST_TP_ENUM_VALUES(
        lttng_ust_field_enum_value("none", 0)
        lttng_ust_field_enum_range("few", 1, 5)
        lttng_ust_field_enum_value("three", 3)
        lttng_ust_field_enum_value("below", -7)
    )
)

LTTNG_UST_TRACEPOINT_EVENT(witness, numbers,
    LTTNG_UST_TP_ARGS(int, number, const char *, text),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int, number, number)
        lttng_ust_field_integer(unsigned char, small, number)
        lttng_ust_field_integer(long long, negative, -(long long)number)
        lttng_ust_field_integer_hex(unsigned short, hex, number)
        lttng_ust_field_integer_hex(int, negative_hex, -number)
        lttng_ust_field_integer_network(unsigned int, network, htonl(number))
        lttng_ust_field_integer_network_hex(unsigned short, network_hex, htons(number))
        lttng_ust_field_enum(witness, kind, int, kind, number % 9 - 1)
        lttng_ust_field_float(double, half, number / 2.0)
        lttng_ust_field_float(float, quarter, number / 4.0f)
        lttng_ust_field_string(text, text)
    )
)

LTTNG_UST_TRACEPOINT_EVENT(witness, lists,
    LTTNG_UST_TP_ARGS(const char *, text, unsigned, length),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_array(unsigned short, pair, text, 2)
        lttng_ust_field_array_text(char, letters, text, 4)
        lttng_ust_field_sequence(unsigned char, bytes, text, unsigned, length)
        lttng_ust_field_sequence_text(char, part, text, unsigned, length)
        lttng_ust_field_array_hex(unsigned char, hex, text, 3)
    )
)

LTTNG_UST_TRACEPOINT_EVENT(witness, nothing, LTTNG_UST_TP_ARGS(), LTTNG_UST_TP_FIELDS())

#endif

#include <lttng/tracepoint-event.h>
