// A library that is preloaded before another. It counts the program's calls of four functions, and at the end writes the
// counts to the file that COUNTS names.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNTED(name, type) \
    static _Atomic long count_of_##name; \
    int name(type *lock) { \
        static int (*next)(type *); \
        if (!next) \
            next = (int (*)(type *))dlsym(RTLD_NEXT, #name); \
        count_of_##name++; \
        return next(lock); \
    }

COUNTED(pthread_mutex_lock, pthread_mutex_t)
COUNTED(pthread_mutex_unlock, pthread_mutex_t)
COUNTED(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNTED(pthread_rwlock_wrlock, pthread_rwlock_t)

__attribute__((destructor)) static void tell(void) {
    FILE *file = fopen(getenv("COUNTS"), "w");
    fprintf(file, "pthread_mutex_lock %ld\npthread_mutex_unlock %ld\npthread_rwlock_rdlock %ld\npthread_rwlock_wrlock %ld\n",
            count_of_pthread_mutex_lock, count_of_pthread_mutex_unlock, count_of_pthread_rwlock_rdlock,
            count_of_pthread_rwlock_wrlock);
    fclose(file);
}
