/* contended: a thread holds a mutex for 200 ms while two others wait for it. Prints the address of the mutex. */
#define _GNU_SOURCE
#include "asleep.h"
#include <pthread.h>

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER, quiet = PTHREAD_MUTEX_INITIALIZER;
static volatile int waiting[2];

__attribute__((noinline)) static void *wait_for_it(void *tid)
{
	*(volatile int *)tid = syscall(SYS_gettid);
	pthread_mutex_lock(&contended);
	pthread_mutex_unlock(&contended);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	pthread_mutex_lock(&contended);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, wait_for_it, (void *)&waiting[i]);
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&quiet);
		pthread_mutex_unlock(&quiet);
	}
	for (int i = 0; i < 2; i++)
		until_asleep(&waiting[i]);
	usleep(200000);
	pthread_mutex_unlock(&contended);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%p\n", (void *)&contended);
	return 0;
}
