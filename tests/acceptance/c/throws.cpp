// Threads of C++ that throw through functions which are instrumented, and through locks.
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::mutex mutex;
static std::recursive_mutex recursive;
static std::shared_mutex shared;
static std::condition_variable changed;
static int caught, ready;

__attribute__((noinline)) static int deep(int depth) {
    if (depth == 0)
        throw std::runtime_error("from the bottom");
    return deep(depth - 1) + 1;
}

static void work() {
    {
        std::unique_lock<std::mutex> lock(mutex);
        ready++;
        changed.notify_all();
        changed.wait(lock, [] { return ready == 4; });
    }
    for (int round = 0; round < 100; round++) {
        try {
            std::lock_guard<std::mutex> one(mutex);
            std::lock_guard<std::recursive_mutex> two(recursive);
            std::lock_guard<std::recursive_mutex> three(recursive);
            deep(round % 20);
        } catch (const std::exception &) {
            std::unique_lock<std::shared_mutex> lock(shared);
            caught++;
        }
        std::shared_lock<std::shared_mutex> lock(shared);
        if (caught < 0)
            return;
    }
}

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back(work);
    for (auto &thread : threads)
        thread.join();
    std::printf("%d caught\n", caught);
    return caught == 400 ? 5 : 1;
}
