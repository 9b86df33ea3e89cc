/* Another file of a program, which may have been compiled with another header. */
#include <ust.h>

UST_TRACEPOINT(elsewhere, called, UST_INFO, (u32, number));

void call_elsewhere(unsigned number);

void call_elsewhere(unsigned number)
{
	ust_elsewhere_called(number);
	UST_TRACEF("%u", number);
}

#ifdef WITH_MAIN
UST_TRACEPOINT(elsewhere, main, UST_INFO, (u32, number));

void call_other(unsigned number);

int main(void)
{
	ust_elsewhere_main(1);
	call_elsewhere(2);
	call_other(3);
	return 0;
}
#endif
