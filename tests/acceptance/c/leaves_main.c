/* leaves_main fork|exit: the first thread leaves by pthread_exit, or a child is forked by another thread; the last thread just
 * returns. The C library then ends the process with status 0. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void last_words(void)
{
	puts("last words");
}

static void *lives_longer(void *unused)
{
	usleep(100000);
	puts("the last thread");
	return NULL;
}

static void *forks(void *unused)
{
	int pid = fork();
	if (!pid)
		return NULL; /* the child's only thread */
	int status = -1;
	waitpid(pid, &status, 0);
	printf("child %x\n", status);
	fflush(stdout);
	_exit(4);
}

extern int atexit(void (*function)(void));

int main(int count, char **arguments)
{
	pthread_t thread;
	int is_fork = !strcmp(arguments[count - 1], "fork");
	if (!is_fork)
		atexit(last_words);
	pthread_create(&thread, NULL, is_fork ? forks : lives_longer, NULL);
	if (is_fork)
		pthread_join(thread, NULL);
	pthread_exit(NULL);
}
