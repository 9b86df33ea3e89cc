/* What C would allow, and what would end a span that has not begun. */
#include <ust.h>

UST_SPAN_TRACEPOINT(jumps, span, UST_INFO);

int main(int count, char **arguments)
{
	(void)arguments;
	if (count > 1)
		goto out;
	UST_SPAN(jumps, span);
out:
	return 0;
}
