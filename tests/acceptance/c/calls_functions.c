// Built with -finstrument-functions: calls that end in all ways. `shape`: main > outer > inner, twice; `jumps`: a loop of
// functions that longjmp leaves; `slow`: one call of many that sleeps; `deep`: calls nested deeper than the shim has
// frames.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>

static jmp_buf back;
static volatile int sum;

__attribute__((noinline)) void inner(int n) {
    sum += n;
}

__attribute__((noinline)) void outer(int n) {
    inner(n);
    inner(n + 1);
    sum++;
}

__attribute__((noinline)) void shape(void) {
    outer(1);
    outer(2);
    sum++;
}

__attribute__((noinline)) void leaves(int n) {
    if (n == 0)
        longjmp(back, 1);
    leaves(n - 1);
    sum++;
}

__attribute__((noinline)) void jumps(void) {
    for (volatile int round = 0; round < 5000; round++)
        if (!setjmp(back))
            leaves(round % 7);
    outer(3);
    sum++;
}

__attribute__((noinline)) void sleeps(int ms) {
    if (ms)
        usleep(ms * 1000);
    sum++;
}

__attribute__((noinline)) void slow(void) {
    for (int round = 0; round < 1000; round++)
        sleeps(round == 500 ? 30 : 0);
    sum++;
}

__attribute__((noinline)) void deep(int n) {
    if (n)
        deep(n - 1);
    sum++;
}

__attribute__((noinline)) void *of_thread(void *unused) {
    sleeps(30);
    return NULL;
}

// One after the other, and then some at once.
__attribute__((noinline)) void threads(void) {
    pthread_t all[4];
    for (int i = 0; i < 200; i++) {
        pthread_create(all, NULL, (void *(*)(void *))strlen, "");
        pthread_join(all[0], NULL);
    }
    for (int i = 0; i < 4; i++)
        pthread_create(all + i, NULL, of_thread, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(all[i], NULL);
}

int main(int count, char **parts) {
    printf("main %p\nouter %p\ninner %p\nsleeps %p\nslow %p\njumps %p\nshape %p\nleaves %p\ndeep %p\nof_thread %p\nthreads %p\n", main, outer,
        inner, sleeps, slow, jumps, shape, leaves, deep, of_thread, threads);
    fflush(stdout);
    for (int at = 1; at < count; at++) {
        if (!strcmp(parts[at], "shape"))
            shape();
        if (!strcmp(parts[at], "jumps"))
            jumps();
        if (!strcmp(parts[at], "slow"))
            slow();
        if (!strcmp(parts[at], "deep"))
            deep(5000);
        if (!strcmp(parts[at], "threads"))
            threads();
    }
    return 0;
}
