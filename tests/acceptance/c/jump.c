/* The jump out of a signal handler, which Rust has no word for: sigsetjmp returns twice.
 *
 * Nothing of Rust between the two may have anything to drop. */
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf landing;
static volatile sig_atomic_t is_armed;

/* Runs `job`, which does not return, until a handler leaves it by `jump_out`. */
void run_until_jump(void (*job)(void)) {
    if (sigsetjmp(landing, 1) == 0) {
        is_armed = 1;
        job();
    }
}

/* A signal handler: does nothing unless a job runs. */
void jump_out(int signal) {
    (void)signal;
    if (is_armed) {
        is_armed = 0;
        siglongjmp(landing, 1);
    }
}
