/* A program without tracepoints of its own, linked with a shared object that has some. Before any constructor it hides
 * where the recorder is, as `env -i` would, so that nobody hears of it. */
#include <string.h>

void emit(unsigned long thread, unsigned long events);

static void hide(int count, char **arguments, char **environment)
{
    (void)count, (void)arguments;
    for (; *environment; environment++)
        if (!strncmp(*environment, "UST_RUNTIME_DIR=", 16))
            **environment = 'X';
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(int, char **, char **) = hide;

int main(void)
{
    emit(0, 1);
    return 0;
}
