/* io_calls DIRECTORY: opens, reads, writes and fails in known ways. Says nothing. */
#define _GNU_SOURCE
#include "asleep.h"
#include <pthread.h>

static volatile int reader;

static void *write_late(void *end)
{
	until_asleep(&reader);
	usleep(300000);
	write(*(int *)end, "done", 4);
	return NULL;
}

int main(int argc, char **argv)
{
	char path[4096], text[1000] = {0};
	int pipe_ends[2];
	pthread_t writer;

	if (chdir(argv[1]))
		return 1;
	for (int i = 0; i < 3; i++)
		if (open("absent", O_RDONLY) >= 0)
			return 2;
	int first = open("first", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 50; i++)
		if (write(first, text, 1000) != 1000)
			return 3;
	close(first);
	/* The number is given again, to another file. */
	int second = open("second", O_RDWR | O_CREAT, 0600);
	if (second != first || write(second, text, 77) != 77)
		return 4;
	close(second);
	first = open("first", O_RDONLY);
	while (read(first, text, 999) > 0)
		;
	close(first);
	if (read(first, text, 1) >= 0 || write(-1, text, 1) >= 0)
		return 5;
	/* A wait that is longer than everything else here. */
	if (pipe(pipe_ends))
		return 6;
	reader = getpid();
	pthread_create(&writer, NULL, write_late, &pipe_ends[1]);
	return read(pipe_ends[0], text, 100) != 4;
}
