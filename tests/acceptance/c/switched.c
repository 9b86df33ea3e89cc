// Locks and unlocks, in steps: reads a byte from one named pipe before each step, and writes one to another pipe after it.
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int asked, done;

static void wait_for_step(void) {
    char byte;
    if (read(asked, &byte, 1) != 1)
        _exit(1);
}

static void tell(void) {
    if (write(done, "", 1) != 1)
        _exit(1);
}

int main(int count, char **arguments) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    asked = open(arguments[1], O_RDONLY);
    done = open(arguments[2], O_WRONLY);
    wait_for_step();
    pthread_mutex_lock(&mutex);
    tell();
    wait_for_step();
    pthread_mutex_unlock(&mutex);
    pthread_mutex_lock(&mutex);
    tell();
    wait_for_step();
    pthread_mutex_unlock(&mutex);
    tell();
    return 0;
}
