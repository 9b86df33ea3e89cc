/* kills_itself: children that send themselves signals by every function there is. Prints how each ended. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void returns(int number)
{
}

static void dies(int way)
{
	setpgid(0, 0);
	switch (way) {
	case 0: kill(getpid(), SIGTERM);
	case 1: kill(0, SIGHUP);
	case 2: kill(-getpgrp(), SIGINT);
	case 3: killpg(0, SIGQUIT);
	case 4: tgkill(getpid(), gettid(), SIGUSR1);
	case 5: raise(SIGUSR2);
	case 6: pthread_kill(pthread_self(), SIGALRM);
	case 7: sigqueue(getpid(), SIGKILL, (union sigval){ 0 });
	case 8: pthread_sigqueue(pthread_self(), SIGXCPU, (union sigval){ 0 });
	}
}

int main(void)
{
	int status;
	for (int way = 0; way < 9; way++) {
		int pid = fork();
		if (!pid) {
			dies(way);
			_exit(99);
		}
		waitpid(pid, &status, 0);
		printf("%d: %d\n", way, WTERMSIG(status));
	}
	/* None of these ends the caller. */
	int pid = fork();
	if (!pid)
		for (;;)
			pause();
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	kill(getpid(), 0);
	kill(1 << 22, SIGTERM);
	signal(SIGWINCH, returns);
	raise(SIGWINCH);
	return 1;
}
