// Exceptions through functions of the C library that the shim stands before, and threads that lock.
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static int deep(int depth)
{
	if (depth == 0)
		throw std::runtime_error("deep");
	return deep(depth - 1) + 1;
}

static int compare(const void *left, const void *right)
{
	if (*static_cast<const int *>(left) == 3)
		throw std::runtime_error("in qsort");
	return *static_cast<const int *>(left) - *static_cast<const int *>(right);
}

int main()
{
	int caught = 0;
	for (int i = 0; i < 1000; i++) {
		try {
			deep(10);
		} catch (const std::exception &) {
			caught++;
		}
	}
	int numbers[] = { 5, 3, 1, 2 };
	try {
		qsort(numbers, 4, sizeof *numbers, compare);
	} catch (const std::exception &error) {
		std::puts(error.what());
	}
	std::mutex mutex;
	long sum = 0;
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			for (int k = 0; k < 1000; k++) {
				std::lock_guard<std::mutex> guard(mutex);
				sum++;
			}
		});
	for (auto &thread : threads)
		thread.join();
	std::printf("%d %ld\n", caught, sum);
	return 5;
}
