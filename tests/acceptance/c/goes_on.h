/* What a program does after something has happened to it: a file, a thread, a child. It says how each went, and with which descriptor
 * numbers. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Writes a text to a file without a name; the number of its descriptor, or -errno. */
static int writes(const char *text)
{
	char back[64] = { 0 };
	int file = open("/dev/null", O_RDWR);
	if (file < 0)
		return -errno;
	void *memory = malloc(1000);
	write(file, text, strlen(text));
	read(file, back, sizeof back);
	free(memory);
	close(file);
	return file;
}

static void *in_thread(void *unused)
{
	return (void *)(long)writes("a thread's");
}

static void goes_on(const char *behind)
{
	pthread_t thread;
	void *of_thread = NULL;
	int status = -1;
	printf("%s: %d", behind, writes("the first thread's"));
	int error = pthread_create(&thread, NULL, in_thread, NULL);
	if (!error)
		pthread_join(thread, &of_thread);
	printf(", a thread %d %ld", error, (long)of_thread);
	fflush(stdout);
	int child = fork();
	if (child == 0)
		_exit(writes("a child's") & 0x7f);
	waitpid(child, &status, 0);
	printf(", a child %x\n", status);
	fflush(stdout);
}
