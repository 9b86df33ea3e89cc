/* calls_func N: calls short() and, through it, deep() N times; once long() for a while. Built with -finstrument-functions. */
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

static jmp_buf out;

void __attribute__((noinline)) deep(int jumps)
{
	if (jumps)
		longjmp(out, 1);
}

void __attribute__((noinline)) brief(int jumps)
{
	deep(jumps);
}

void __attribute__((noinline)) lengthy(void)
{
	usleep(30000);
}

int main(int count, char **arguments)
{
	for (long i = atol(arguments[1]); i > 0; i--)
		brief(0);
	if (!setjmp(out))
		brief(1);
	lengthy();
	return 0;
}
