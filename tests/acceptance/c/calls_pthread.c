/* calls_pthread: one thread holds a mutex while another waits for it; a condition; recursion; a cancelled waiter. Prints the two
 * threads' numbers. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s\n", __LINE__, #holds); abort(); } } while (0)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int is_ready, cleaned;

static void *waits(void *unused)
{
	printf("waiter %d\n", gettid());
	sem_post(&semaphore);
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void clean(void *unused)
{
	cleaned++;
	pthread_mutex_unlock(&mutex);
}

static void *is_cancelled(void *unused)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(clean, NULL);
	is_ready = 1;
	sem_post(&semaphore);
	for (;;)
		pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	void *result;
	sem_init(&semaphore, 0, 0);
	printf("holder %d\n", gettid());
	pthread_mutex_lock(&mutex);
	CHECK(pthread_create(&thread, NULL, waits, NULL) == 0);
	sem_wait(&semaphore);
	usleep(50000);
	pthread_mutex_unlock(&mutex);
	CHECK(pthread_join(thread, &result) == 0);

	CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
	CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
	CHECK(pthread_mutex_unlock(&recursive) == EPERM);
	CHECK(pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK);
	CHECK(pthread_mutex_unlock(&checking) == 0);
	CHECK(pthread_rwlock_wrlock(&rwlock) == 0 && pthread_rwlock_tryrdlock(&rwlock) == EBUSY);
	CHECK(pthread_rwlock_unlock(&rwlock) == 0);
	CHECK(pthread_mutex_trylock(&mutex) == 0 && pthread_mutex_trylock(&mutex) == EBUSY);
	CHECK(pthread_mutex_unlock(&mutex) == 0);

	CHECK(pthread_create(&thread, NULL, is_cancelled, NULL) == 0);
	sem_wait(&semaphore);
	pthread_mutex_lock(&mutex); /* it waits by now */
	pthread_mutex_unlock(&mutex);
	pthread_cancel(thread);
	CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && cleaned == 1);
	return 0;
}
