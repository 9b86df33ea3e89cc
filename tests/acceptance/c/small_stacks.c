/* small_stacks handler|threads BYTES: a signal's handler on a stack of its own, or threads on the smallest stacks there are, make
 * recorded calls. What lies below a stack kills the process when it is touched. BYTES is what a handler has beside the kernel's frame. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static void hear(int signal)
{
	struct stat status;
	int file = open("/dev/null", O_RDWR);
	write(file, "x", 1);
	close(file);
	stat("/dev/null", &status);
}

static int on_signal_stack(int bytes)
{
	int frame = getauxval(AT_MINSIGSTKSZ);
	int size = (frame + bytes + PAGE - 1) / PAGE * PAGE;
	char *memory = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = { .ss_sp = memory + PAGE, .ss_size = frame + bytes };
	struct sigaction action = { .sa_handler = hear, .sa_flags = SA_ONSTACK };

	mprotect(memory, PAGE, PROT_NONE);
	/* The loader resolves a function at its first call, for which it needs more stack than this. */
	hear(0);
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 10; i++)
		raise(SIGUSR1);
	return 0;
}

static void *works(void *unused)
{
	char *arguments[] = { "true", NULL };
	char text[1] = { 0 };
	int status = -1, file = open("/dev/zero", O_RDWR);
	free(realloc(malloc(100), 1000));
	read(file, text, 1);
	write(file, text, 1);
	close(file);
	int child = fork();
	if (!child) {
		execv("/bin/true", arguments);
		_exit(1);
	}
	waitpid(child, &status, 0);
	return (void *)(long)status;
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "handler"))
		return on_signal_stack(atoi(argv[2]));
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, sysconf(_SC_THREAD_STACK_MIN));
	for (int i = 0; i < 5; i++) {
		pthread_t thread;
		void *status = NULL;
		printf("%d", pthread_create(&thread, &small, works, NULL));
		pthread_join(thread, &status);
		printf(" %ld\n", (long)status);
	}
	return 0;
}
