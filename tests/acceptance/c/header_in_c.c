/* All that the header offers, as strict C99 has it. */
#include <stdbool.h>
#include <ust.h>

UST_LABELS(state, u8, ("idle", 0), ("busy", 1, 9));
UST_TRACEPOINT(strict, nothing, UST_INFO);
UST_TRACEPOINT(strict, numbers, UST_INFO, (u8, a), (i64, b), (hex32, c), (net16, d), (f64, e), (bool, f), (ptr, g));
UST_TRACEPOINT(strict, others, UST_INFO, (str, a), (strn, b, b_bytes), (bytes, c, c_bytes), (array, u16, d, 3),
               (seq, i32, e, e_count), (enum, state, f));
UST_TRACEPOINT(strict, plain_names, UST_INFO, (u8, values), (u8, fields), (u8, at), (u8, bytes), (u8, given), (u8, packed));
UST_SPAN_TRACEPOINT(strict, span, UST_INFO, (u64, span));
UST_SPAN_TRACEPOINT(strict, empty_span, UST_INFO);

int in_each_standard(const char *text, const int32_t *numbers);

int in_each_standard(const char *text, const int32_t *numbers)
{
	static const uint16_t three[3] = { 1, 2, 3 };
	UST_SPAN(strict, span, 17); UST_SPAN(strict, empty_span);
	ust_strict_nothing();
	ust_strict_plain_names(1, 2, 3, 4, 5, 6);
	ust_strict_numbers(1, -1, 2, 3, 4.5, true, text);
	if (ust_enabled(strict, others))
		ust_strict_others(text, text, 1, numbers, 4, three, numbers, 2, 5);
	UST_TRACEF("a text");
	UST_TRACEF("%s %d", text, 5);
	return 0;
}
