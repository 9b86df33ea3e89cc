/* Ten threads fork ten children each, all at once, while another one allocates. Each child writes, and ends with a number. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int is_over;

static void *allocates(void *unused)
{
	while (!is_over)
		free(malloc(100));
	return NULL;
}

static void *forks(void *unused)
{
	long sum = 0;
	for (int i = 1; i <= 10; i++) {
		int status = 0, child = fork();
		if (!child) {
			void *memory = malloc(1000);
			int file = open("/dev/null", O_WRONLY);
			write(file, "x", 1);
			close(file);
			free(memory);
			_exit(i);
		}
		waitpid(child, &status, 0);
		sum += WEXITSTATUS(status);
	}
	return (void *)sum;
}

int main(void)
{
	pthread_t busy, threads[10];
	long sum = 0;
	pthread_create(&busy, NULL, allocates, NULL);
	for (int i = 0; i < 10; i++)
		pthread_create(&threads[i], NULL, forks, NULL);
	for (int i = 0; i < 10; i++) {
		void *own = NULL;
		pthread_join(threads[i], &own);
		sum += (long)own;
	}
	is_over = 1;
	pthread_join(busy, NULL);
	printf("%ld\n", sum);
	return 0;
}
