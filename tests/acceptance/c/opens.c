// Loads libraries in ways that depend on the caller. Arguments: a path, or `lock` for a call that makes the shim tell what
// was loaded.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    void *handle = NULL;
    int failed = 0;
    for (int at = 1; at < count; at++) {
        if (!strcmp(arguments[at], "lock")) {
            pthread_mutex_lock(&mutex);
            pthread_mutex_unlock(&mutex);
        } else if (!strcmp(arguments[at], "close")) {
            failed += dlclose(handle) != 0;
        } else if (!strcmp(arguments[at], "missing")) {
            failed += dlopen("no such library.so", RTLD_NOW) != NULL;
            printf("%s\n", strstr(dlerror(), "no such library.so") ? "said so" : "said nothing");
        } else if (!strcmp(arguments[at], "self")) {
            failed += dlopen(NULL, RTLD_NOW) == NULL;
        } else if (!strcmp(arguments[at], "apart")) {
            void *apart = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
            failed += apart == NULL || dlclose(apart) != 0;
        } else {
            handle = dlopen(arguments[at], RTLD_NOW | RTLD_GLOBAL);
            int (*plugin)(void) = handle ? (int (*)(void))dlsym(handle, "plugin") : NULL;
            if (!plugin)
                printf("%s\n", dlerror());
            failed += !plugin || plugin() != 42;
        }
    }
    printf("%d failed\n", failed);
    return failed ? 1 : 0;
}
