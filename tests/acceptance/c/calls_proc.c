/* calls_proc: children of every kind, some of them with an environment that was cleared. Prints what each prints. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const empty[] = { NULL };

static void ended(int pid, int status)
{
	int found = 0;
	if (waitpid(pid, &found, 0) != pid || !WIFEXITED(found) || WEXITSTATUS(found) != status) {
		fprintf(stderr, "child %d: %x\n", pid, found);
		abort();
	}
}

int main(int count, char **arguments)
{
	char *self = arguments[0];
	if (count > 1) { /* a child that was executed: with as many arguments as its parent says */
		printf("%s %d\n", arguments[1], count);
		exit(count);
	}
	int pid = fork();
	if (!pid)
		_exit(11);
	ended(pid, 11);
	for (int i = 0; i < 1000; i++) {
		pid = vfork();
		if (!pid)
			_exit(12);
		ended(pid, 12);
	}
	pid = vfork();
	if (!pid) {
		execle(self, self, "execle", NULL, empty);
		_exit(99);
	}
	ended(pid, 2);
	pid = fork();
	if (!pid) {
		execl(self, self, "execl", "2", "3", "4", "5", "6", "7", "8", NULL);
		_exit(99);
	}
	ended(pid, 9);
	pid = fork();
	if (!pid) {
		clearenv();
		execv(self, (char *[]){ self, "execv", "2", NULL });
		_exit(99);
	}
	ended(pid, 3);
	pid = fork();
	if (!pid) {
		execve(self, (char *[]){ self, "execve", NULL }, empty);
		_exit(99);
	}
	ended(pid, 2);
	posix_spawn(&pid, self, NULL, NULL, (char *[]){ self, "posix_spawn", NULL }, empty);
	ended(pid, 2);
	if (execl("/nowhere", "nowhere", NULL) != -1 || errno != ENOENT)
		abort();
	if (WEXITSTATUS(system("exit 7")) != 7)
		abort();
	char line[16] = "";
	FILE *shell = popen("echo popen", "r");
	fgets(line, sizeof line, shell);
	printf("%s", line);
	if (pclose(shell) != 0)
		abort();
	return 5;
}
