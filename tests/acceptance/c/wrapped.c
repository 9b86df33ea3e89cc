// Calls each function that LTTng-UST's wrappers record.
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

__attribute__((noinline)) void *called(size_t bytes) {
    return malloc(bytes);
}

int main(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    void *memory = called(10), *aligned = NULL, *library = dlopen("libm.so.6", RTLD_NOW);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_mutex_trylock(&mutex);
    pthread_mutex_unlock(&mutex);
    free(realloc(memory, 20));
    free(calloc(2, 3));
    free(memalign(64, 10));
    if (posix_memalign(&aligned, 64, 10))
        return 1;
    free(aligned);
    return library == NULL || dlclose(library) != 0;
}
