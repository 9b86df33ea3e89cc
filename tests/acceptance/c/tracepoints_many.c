/* tracepoints_many THREADS EVENTS [NOTES MICROSECONDS]: each thread records so many, with its number and theirs; signals
 * interrupt them, and record too. Prints how many all of them were.
 *
 * With NOTES, a file, each thread allocates and frees memory with each event, and then notes there how many rounds it has
 * done; the process kills itself after so many microseconds, wherever it is then. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <ust.h>

UST_TRACEPOINT(many, step, UST_INFO, (u32, thread), (u64, number), (str, text));
UST_TRACEPOINT(many, small, UST_INFO, (u32, number));
UST_TRACEPOINT(many, interrupted, UST_INFO, (u64, number));

enum { THREADS = 64, ALLOCATED = 777 };

static unsigned long long events;
static uint64_t interruptions;
static uint64_t *notes;

static void *run(void *argument)
{
	uint32_t thread = (uint32_t)(uintptr_t)argument;

	for (uint64_t number = 0; number < events; number++) {
		ust_many_step(thread, number, number % 2 ? "odd" : "this one is an even number, and longer");
		ust_many_small((uint32_t)number);
		if (notes) {
			free(malloc(ALLOCATED));
			__atomic_store_n(&notes[thread], number + 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static void interrupt(int signal)
{
	(void)signal;
	ust_many_interrupted(__atomic_fetch_add(&interruptions, 1, __ATOMIC_RELAXED));
}

static void be_interrupted(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } };
	struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void be_killed(const char *file, long microseconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec then = { .it_value = { microseconds / 1000000, microseconds % 1000000 * 1000 } };
	int descriptor = open(file, O_RDWR | O_CREAT, 0600);
	timer_t timer;

	if (ftruncate(descriptor, THREADS * sizeof *notes))
		abort();
	notes = mmap(NULL, THREADS * sizeof *notes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &then, NULL);
}

int main(int argc, char **argv)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t all[THREADS];

	events = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	be_interrupted();
	if (argc > 4)
		be_killed(argv[3], atol(argv[4]));
	for (int i = 0; i < threads; i++)
		pthread_create(&all[i], NULL, run, (void *)(uintptr_t)i);
	for (int i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	printf("%llu\n", 2 * threads * events + __atomic_load_n(&interruptions, __ATOMIC_RELAXED));
	return 0;
}
