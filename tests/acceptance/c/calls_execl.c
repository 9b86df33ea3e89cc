/* calls_execl: calls each function that is given a list of arguments, from a function of its own. */
#include <unistd.h>

#define CALLS(name, call) __attribute__((noinline)) int calls_##name(void) { return (call) + 1; }

static char *const empty[] = { NULL };

CALLS(execl, execl("/nowhere", "1", "2", "3", "4", "5", "6", "7", NULL))
CALLS(execlp, execlp("nowhere", "1", NULL))
CALLS(execle, execle("/nowhere", "1", NULL, empty))

int main(void)
{
	return calls_execl() + calls_execlp() + calls_execle();
}
