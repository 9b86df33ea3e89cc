// Each function of threads and locks once, in a way that an observer can check. `contention` prints thread ids and times.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static int failures;
#define MUST(result, call) \
    do { \
        int got = (call); \
        if (got != (result)) { \
            printf("%s is %d\n", #call, got); \
            failures++; \
        } \
    } while (0)

static struct timespec in_ms(clockid_t clock, long ms) {
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_nsec += ms * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static void mutexes(void) {
    pthread_mutex_t mutex;
    MUST(0, pthread_mutex_init(&mutex, NULL));
    MUST(0, pthread_mutex_lock(&mutex));
    MUST(EBUSY, pthread_mutex_trylock(&mutex));
    MUST(0, pthread_mutex_unlock(&mutex));
    MUST(0, pthread_mutex_trylock(&mutex));
    struct timespec real = in_ms(CLOCK_REALTIME, 1), mono = in_ms(CLOCK_MONOTONIC, 1);
    MUST(ETIMEDOUT, pthread_mutex_timedlock(&mutex, &real));
    MUST(ETIMEDOUT, pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &mono));
    MUST(0, pthread_mutex_unlock(&mutex));
    MUST(0, pthread_mutex_destroy(&mutex));
    mtx_t c11;
    MUST(thrd_success, mtx_init(&c11, mtx_timed));
    MUST(thrd_success, mtx_lock(&c11));
    MUST(thrd_busy, mtx_trylock(&c11));
    real = in_ms(CLOCK_REALTIME, 1);
    MUST(thrd_timedout, mtx_timedlock(&c11, &real));
    MUST(thrd_success, mtx_unlock(&c11));
    mtx_destroy(&c11);
}

static void *die_holding(void *mutex) {
    MUST(0, pthread_mutex_lock(mutex));
    return NULL;
}

static void *unlock_of_another(void *mutex) {
    MUST(EPERM, pthread_mutex_unlock(mutex));
    return NULL;
}

// Recursive, error-checking and robust mutexes.
static void kinds(void) {
    pthread_mutexattr_t attr;
    pthread_mutex_t recursive, checking, robust;
    pthread_t thread;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attr);
    printf("recursive %p\nchecking %p\nrobust %p\n", (void *)&recursive, (void *)&checking, (void *)&robust);

    MUST(0, pthread_mutex_lock(&recursive));
    MUST(0, pthread_mutex_lock(&recursive));
    MUST(0, pthread_mutex_trylock(&recursive));
    usleep(2000);
    MUST(0, pthread_mutex_unlock(&recursive));
    MUST(0, pthread_mutex_unlock(&recursive));
    usleep(2000);
    MUST(0, pthread_mutex_unlock(&recursive));

    MUST(EPERM, pthread_mutex_unlock(&checking));
    MUST(0, pthread_mutex_lock(&checking));
    MUST(EDEADLK, pthread_mutex_lock(&checking));
    pthread_create(&thread, NULL, unlock_of_another, &checking);
    pthread_join(thread, NULL);
    usleep(2000);
    MUST(0, pthread_mutex_unlock(&checking));

    pthread_create(&thread, NULL, die_holding, &robust);
    pthread_join(thread, NULL);
    MUST(EOWNERDEAD, pthread_mutex_lock(&robust));
    MUST(0, pthread_mutex_consistent(&robust));
    MUST(0, pthread_mutex_unlock(&robust));
    pthread_create(&thread, NULL, die_holding, &robust);
    pthread_join(thread, NULL);
    MUST(EOWNERDEAD, pthread_mutex_lock(&robust));
    MUST(0, pthread_mutex_unlock(&robust));
    MUST(ENOTRECOVERABLE, pthread_mutex_lock(&robust));

    // Its memory is used anew while it is held.
    pthread_mutex_t forgotten = PTHREAD_MUTEX_INITIALIZER;
    MUST(0, pthread_mutex_lock(&forgotten));
    forgotten = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    MUST(0, pthread_mutex_lock(&forgotten));
    MUST(0, pthread_mutex_unlock(&forgotten));
}

static void rwlocks(void) {
    pthread_rwlock_t rwlock;
    struct timespec real = in_ms(CLOCK_REALTIME, 1), mono = in_ms(CLOCK_MONOTONIC, 1);
    MUST(0, pthread_rwlock_init(&rwlock, NULL));
    MUST(0, pthread_rwlock_rdlock(&rwlock));
    MUST(0, pthread_rwlock_tryrdlock(&rwlock));
    MUST(0, pthread_rwlock_timedrdlock(&rwlock, &real));
    MUST(0, pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &mono));
    MUST(EBUSY, pthread_rwlock_trywrlock(&rwlock));
    for (int i = 0; i < 4; i++)
        MUST(0, pthread_rwlock_unlock(&rwlock));
    MUST(0, pthread_rwlock_wrlock(&rwlock));
    MUST(EBUSY, pthread_rwlock_tryrdlock(&rwlock));
    MUST(EDEADLK, pthread_rwlock_timedwrlock(&rwlock, &real));
    MUST(EDEADLK, pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &mono));
    MUST(0, pthread_rwlock_unlock(&rwlock));
    MUST(0, pthread_rwlock_destroy(&rwlock));
    pthread_spinlock_t spin;
    MUST(0, pthread_spin_init(&spin, 0));
    MUST(0, pthread_spin_lock(&spin));
    MUST(EBUSY, pthread_spin_trylock(&spin));
    MUST(0, pthread_spin_unlock(&spin));
    MUST(0, pthread_spin_destroy(&spin));
}

static void waits(void) {
    pthread_cond_t cond;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct timespec real = in_ms(CLOCK_REALTIME, 1), mono = in_ms(CLOCK_MONOTONIC, 1);
    MUST(0, pthread_cond_init(&cond, NULL));
    MUST(0, pthread_cond_signal(&cond));
    MUST(0, pthread_cond_broadcast(&cond));
    MUST(0, pthread_mutex_lock(&mutex));
    MUST(ETIMEDOUT, pthread_cond_timedwait(&cond, &mutex, &real));
    MUST(ETIMEDOUT, pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &mono));
    MUST(0, pthread_mutex_unlock(&mutex));
    MUST(0, pthread_cond_destroy(&cond));
    cnd_t c11;
    mtx_t c11_mutex;
    cnd_init(&c11);
    mtx_init(&c11_mutex, mtx_plain);
    MUST(thrd_success, cnd_signal(&c11));
    MUST(thrd_success, cnd_broadcast(&c11));
    mtx_lock(&c11_mutex);
    real = in_ms(CLOCK_REALTIME, 1);
    MUST(thrd_timedout, cnd_timedwait(&c11, &c11_mutex, &real));
    mtx_unlock(&c11_mutex);
    cnd_destroy(&c11);
    pthread_barrier_t barrier;
    MUST(0, pthread_barrier_init(&barrier, NULL, 1));
    MUST(PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait(&barrier));
    MUST(0, pthread_barrier_destroy(&barrier));
    sem_t sem;
    MUST(0, sem_init(&sem, 0, 1));
    MUST(0, sem_wait(&sem));
    errno = 0;
    MUST(-1, sem_trywait(&sem));
    MUST(EAGAIN, errno);
    real = in_ms(CLOCK_REALTIME, 1), mono = in_ms(CLOCK_MONOTONIC, 1);
    MUST(-1, sem_timedwait(&sem, &real));
    MUST(ETIMEDOUT, errno);
    MUST(-1, sem_clockwait(&sem, CLOCK_MONOTONIC, &mono));
    MUST(0, sem_post(&sem));
    MUST(0, sem_destroy(&sem));
}

static void *leave(void *value) {
    pthread_exit(value);
}

static int leave_c11(void *value) {
    thrd_exit((int)(intptr_t)value);
}

static void *linger(void *value) {
    usleep(20000);
    return value;
}

static void threads(void) {
    pthread_t thread;
    thrd_t c11;
    void *value = NULL;
    int number = 0;
    MUST(0, pthread_setname_np(pthread_self(), "a-name"));
    MUST(0, pthread_create(&thread, NULL, leave, (void *)4711));
    MUST(0, pthread_join(thread, &value));
    MUST(4711, (int)(intptr_t)value);
    MUST(thrd_success, thrd_create(&c11, leave_c11, (void *)42));
    MUST(thrd_success, thrd_join(c11, &number));
    MUST(42, number);
    MUST(0, pthread_create(&thread, NULL, linger, NULL));
    MUST(EBUSY, pthread_tryjoin_np(thread, NULL));
    struct timespec real = in_ms(CLOCK_REALTIME, 1), mono = in_ms(CLOCK_MONOTONIC, 1);
    MUST(ETIMEDOUT, pthread_timedjoin_np(thread, NULL, &real));
    MUST(ETIMEDOUT, pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &mono));
    MUST(0, pthread_detach(thread));
    MUST(thrd_success, thrd_create(&c11, leave_c11, NULL));
    MUST(thrd_success, thrd_detach(c11));
    MUST(EINVAL, pthread_join(thread, NULL));
}

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static sem_t is_held;

static void *hold(void *ms) {
    pthread_mutex_lock(&contended);
    printf("holder %ld\n", syscall(SYS_gettid));
    sem_post(&is_held);
    usleep((intptr_t)ms * 1000);
    pthread_mutex_unlock(&contended);
    return NULL;
}

static void contention(void) {
    pthread_t thread;
    sem_init(&is_held, 0, 0);
    printf("contended %p\n", (void *)&contended);
    pthread_create(&thread, NULL, hold, (void *)50);
    sem_wait(&is_held);
    pthread_mutex_lock(&contended);
    pthread_mutex_unlock(&contended);
    pthread_join(thread, NULL);
}

static pthread_mutex_t waited = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static int cleaned;

static void clean(void *mutex) {
    // POSIX: the mutex is held here.
    MUST(EBUSY, pthread_mutex_trylock(mutex));
    cleaned = 1;
    pthread_mutex_unlock(mutex);
}

static void *wait_for_ever(void *unused) {
    pthread_mutex_lock(&waited);
    pthread_cleanup_push(clean, &waited);
    sem_post(&is_held);
    for (;;)
        pthread_cond_wait(&never, &waited);
    pthread_cleanup_pop(0);
}

static void cancellation(void) {
    pthread_t thread;
    void *value = NULL;
    sem_init(&is_held, 0, 0);
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    sem_wait(&is_held);
    pthread_mutex_lock(&waited);
    pthread_mutex_unlock(&waited);
    pthread_cancel(thread);
    MUST(0, pthread_join(thread, &value));
    MUST(1, value == PTHREAD_CANCELED);
    MUST(1, cleaned);
    MUST(0, pthread_mutex_trylock(&waited));
    pthread_mutex_unlock(&waited);
}

enum { MUTEXES = 64, THREADS = 4, ROUNDS = 5000 };
static pthread_mutex_t many[MUTEXES];
static pthread_rwlock_t read_by_all = PTHREAD_RWLOCK_INITIALIZER;

static void *take_many(void *seed) {
    unsigned at = (unsigned)(intptr_t)seed * 7919;
    for (int round = 0; round < ROUNDS; round++) {
        at = at * 1103515245 + 12345;
        pthread_mutex_t *mutex = &many[at >> 16 & (round % 2 ? MUTEXES - 1 : 0)];
        pthread_mutex_lock(mutex);
        if (round % 64 == 0)
            sched_yield();
        pthread_mutex_unlock(mutex);
        round % 8 ? pthread_rwlock_rdlock(&read_by_all) : pthread_rwlock_wrlock(&read_by_all);
        pthread_rwlock_unlock(&read_by_all);
    }
    return NULL;
}

// Many threads, many locks, some of them contended.
static void stress(void) {
    pthread_t all[THREADS];
    struct timespec start = in_ms(CLOCK_MONOTONIC, 0), end;
    for (int i = 0; i < MUTEXES; i++)
        many[i] = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&all[i], NULL, take_many, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(all[i], NULL);
    end = in_ms(CLOCK_MONOTONIC, 0);
    printf("wall %lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
}

int main(int count, char **parts) {
    static const struct { const char *name; void (*run)(void); } all[] = {
        {"mutexes", mutexes}, {"kinds", kinds}, {"rwlocks", rwlocks}, {"waits", waits},
        {"threads", threads}, {"contention", contention}, {"cancellation", cancellation},
        {"stress", stress},
    };
    for (int at = 1; at < count; at++)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if (!strcmp(parts[at], all[i].name))
                all[i].run();
    printf("%d failures\n", failures);
    return failures ? 1 : 0;
}
