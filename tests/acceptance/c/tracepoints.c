/* Every kind of field, each event once; then spans, and texts as printf makes them. Prints what must not change. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <ust.h>

UST_LABELS(state, u8, ("idle", 0), ("busy", 1, 9));
UST_LABELS(error, i16, ("none", 0), ("lost", -3));

UST_TRACEPOINT(kinds, nothing, UST_EMERG);
UST_TRACEPOINT(kinds, unsigned_numbers, UST_ALERT, (u8, a), (u16, b), (u32, c), (u64, d));
UST_TRACEPOINT(kinds, signed_numbers, UST_CRIT, (i8, a), (i16, b), (i32, c), (i64, d));
UST_TRACEPOINT(kinds, bases, UST_ERR, (hex8, a), (hex16, b), (hex32, c), (hex64, d), (oct8, e), (oct16, f), (oct32, g),
               (oct64, h), (bin8, i), (bin16, j), (bin32, k), (bin64, l));
UST_TRACEPOINT(kinds, network, UST_WARNING, (net16, a), (net32, b), (net64, c));
UST_TRACEPOINT(kinds, others, UST_NOTICE, (f32, a), (f64, b), (bool, c), (ptr, d));
UST_TRACEPOINT(kinds, texts, UST_INFO, (str, a), (strn, b, b_bytes), (str, c));
UST_TRACEPOINT(kinds, many, UST_DEBUG_SYSTEM, (bytes, a, a_bytes), (array, i16, b, 3), (seq, u64, c, c_count),
               (seq, net16, d, d_count));
UST_TRACEPOINT(kinds, labels, UST_DEBUG, (enum, state, a), (enum, error, b), (array, enum, state, c, 2));
UST_TRACEPOINT(kinds, thirty_two, UST_INFO, (u8, a0), (u8, a1), (u8, a2), (u8, a3), (u8, a4), (u8, a5), (u8, a6), (u8, a7),
               (u8, a8), (u8, a9), (u8, a10), (u8, a11), (u8, a12), (u8, a13), (u8, a14), (u8, a15), (u8, a16), (u8, a17),
               (u8, a18), (u8, a19), (u8, a20), (u8, a21), (u8, a22), (u8, a23), (u8, a24), (u8, a25), (u8, a26), (u8, a27),
               (u8, a28), (u8, a29), (u8, a30), (u8, a31));
UST_TRACEPOINT(kinds, three_bytes, UST_INFO, (u8, a), (u16, b));
UST_TRACEPOINT(kinds, eight_bytes, UST_INFO, (u32, a), (i32, b));
UST_TRACEPOINT(kinds, long_text, UST_INFO, (str, a));

UST_SPAN_TRACEPOINT(spans, outer, UST_INFO, (u32, id), (str, what));
UST_SPAN_TRACEPOINT(spans, inner, UST_INFO);

static void sleep_ms(long ms)
{
	struct timespec pause = { 0, ms * 1000000 };
	nanosleep(&pause, NULL);
}

static void spans(void)
{
	UST_SPAN(spans, outer, 7, "both");
	for (int i = 0; i < 2; i++) {
		UST_SPAN(spans, inner);
		sleep_ms(10);
	}
}

int main(void)
{
	const int16_t three[3] = { -1, 0, 1 };
	const uint64_t two[2] = { 1, UINT64_MAX };
	const uint16_t ports[2] = { 0x5000, 0x901f }; /* 80 and 8080, as they lie in sin_port */
	const uint8_t states[2] = { 0, 200 };
	char zeros[4] = { 'a', 0, 'b', 'c' };
	static char text[5001];
	float half = 0.5f;

	memset(text, 'x', sizeof text - 1);
	ust_kinds_nothing();
	ust_kinds_unsigned_numbers(UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX);
	ust_kinds_signed_numbers(INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN);
	ust_kinds_bases(0xab, 0xabcd, 0xabcdef01, 0xabcdef0123456789, 0377, 0177777, 0644, 01777, 5, 5, 5, 5);
	ust_kinds_network(0x5000, 0x01000000, 0x0100000000000000);
	ust_kinds_others(half, -2.25, true, (void *)0x1234);
	ust_kinds_texts("text", zeros, sizeof zeros, NULL);
	ust_kinds_many("\x01\x02", 2, three, two, 2, ports, 2);
	ust_kinds_many(NULL, 0, three, NULL, 0, NULL, 0);
	ust_kinds_labels(4, -3, states);
	ust_kinds_thirty_two(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
			     28, 29, 30, 31);
	ust_kinds_three_bytes(1, 2);
	ust_kinds_eight_bytes(3, -4);
	ust_kinds_long_text(text);
	spans();
	UST_TRACEF("%s is %d", "it", 42);
	UST_TRACEF("%s", text);
	puts(ust_enabled(kinds, nothing) ? "on" : "off");
	return 0;
}
