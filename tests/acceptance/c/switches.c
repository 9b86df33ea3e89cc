/* switches: waits in main, in a thread and in a child. Of each it prints the thread's id, and how often the thread had left its
 * processor of its own accord by its last wait but one, and by its last one. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long voluntary(void)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

static void *waits(void *unused)
{
	struct timespec one = { 0, 1000000 };
	for (int i = 0; i < 20; i++)
		nanosleep(&one, NULL);
	long before = voluntary();
	nanosleep(&one, NULL);
	long behind = voluntary();
	printf("%ld %ld %ld\n", syscall(SYS_gettid), before, behind);
	fflush(stdout);
	return unused;
}

int main(void)
{
	pthread_t thread;
	waits(NULL);
	pthread_create(&thread, NULL, waits, NULL);
	pthread_join(thread, NULL);
	if (!fork()) {
		waits(NULL);
		_exit(0);
	}
	wait(NULL);
	return 0;
}
