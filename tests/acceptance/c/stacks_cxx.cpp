/* stacks_cxx: gets memory where C++ code is called in its own ways, and prints the block's length and who called, as stacks.c does. */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <execinfo.h>
#include <functional>
#include <stdexcept>
#include <unistd.h>
#include <vector>

static size_t length = 100000;

__attribute__((noinline)) static void gets_memory()
{
	void *entries[100];
	char text[2100];
	void *memory = malloc(++length);
	int frames = backtrace(entries, 100);
	int at = sprintf(text, "%zu", length);
	for (int i = 1; i < frames; i++)
		at += sprintf(text + at, " %p", entries[i]);
	text[at++] = '\n';
	free(memory);
	if (write(1, text, at) != at)
		abort();
}

struct Base {
	virtual void go(int levels) = 0;
	virtual ~Base() { gets_memory(); }
};

struct Derived : Base {
	void go(int levels) override
	{
		if (levels)
			std::function<void()>([&] { go(levels - 1); })();
		else
			throw std::runtime_error("far away");
	}
	~Derived() override { gets_memory(); }
};

static void calls()
{
	Derived object;
	/* The object ends while the exception passes. */
	object.go(5);
}

int main()
{
	void *entry;
	backtrace(&entry, 1);
	for (int i = 0; i < 3; i++) {
		try {
			calls();
		} catch (const std::exception &) {
			gets_memory();
		}
	}
	std::vector<int> numbers = { 3, 1, 2, 5, 4 };
	std::sort(numbers.begin(), numbers.end(), [](int one, int other) {
		gets_memory();
		return one < other;
	});
	return 0;
}
