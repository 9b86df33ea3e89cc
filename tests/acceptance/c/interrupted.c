/* Waits that a signal interrupts: each fails with EINTR, or goes on if the handler was set up so. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ends[2];
static volatile sig_atomic_t heard, feeds;

static void hear(int signal)
{
	int error = errno;
	/* A recorded call within the interrupted one. */
	if (feeds && ++heard % 5 == 0)
		write(ends[1], "x", 1);
	else
		write(-1, "x", 1);
	errno = error;
}

static void set_up(int flags)
{
	struct sigaction action = { .sa_handler = hear, .sa_flags = flags };
	/* Again and again: one that comes before the wait begins is not the last. */
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

#define WAIT(call) do { \
	errno = 0; \
	int result = call, error = errno; \
	printf("%s: %d, %s\n", #call, result, strerror(error)); \
} while (0)

int main(void)
{
	char text[10];
	sem_t sem;
	struct timespec hour = { 3600, 0 }, left = { 0, 0 };
	struct epoll_event event;
	struct pollfd one;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), epoll = epoll_create1(0), pair[2];
	sa_family_t family = AF_UNIX;

	pipe(ends);
	sem_init(&sem, 0, 0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	bind(listener, (void *)&family, sizeof family);
	listen(listener, 1);
	set_up(0);
	WAIT(read(ends[0], text, 1));
	WAIT(recv(pair[0], text, 1, 0));
	WAIT(accept(listener, NULL, NULL));
	WAIT(nanosleep(&hour, &left));
	printf("most of it is left: %d\n", left.tv_sec >= 3500);
	WAIT(clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, NULL) == EINTR);
	WAIT(usleep(999999999));
	WAIT(pause());
	one = (struct pollfd){ ends[0], POLLIN, 0 };
	WAIT(poll(&one, 1, -1));
	WAIT(select(0, NULL, NULL, NULL, NULL));
	WAIT(epoll_wait(epoll, &event, 1, -1));
	WAIT(sem_wait(&sem));
	int child = fork();
	if (!child)
		for (;;)
			pause();
	WAIT(waitpid(child, NULL, 0));
	kill(child, SIGKILL);
	set_up(SA_RESTART);
	feeds = 1;
	WAIT(read(ends[0], text, 1));
	WAIT(poll(&one, 1, -1));
	return 0;
}
