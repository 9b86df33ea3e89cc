// Exceptions that leave a signal handler, by way of the instruction that was interrupted.
#include <csignal>
#include <cstdio>
#include <stdexcept>

static void throws(int)
{
	throw std::runtime_error("no memory there");
}

__attribute__((noinline)) static int reads(volatile int *where)
{
	return *where;
}

int main()
{
	struct sigaction action = {};
	action.sa_handler = throws;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGSEGV, &action, nullptr);
	int caught = 0;
	for (int i = 0; i < 100; i++) {
		try {
			reads(reinterpret_cast<int *>(8));
		} catch (const std::exception &error) {
			caught++;
		}
	}
	std::printf("%d\n", caught);
	return 2;
}
