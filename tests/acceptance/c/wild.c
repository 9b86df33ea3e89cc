/* wild: calls that are given addresses where nothing is, or less than is written. Each fails as the kernel says. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s, errno %d\n", __LINE__, #holds, errno); abort(); } } while (0)
#define FAULTS(call) do { errno = 0; CHECK((call) == -1 && errno == EFAULT); } while (0)

extern char **environ;

static char *const none[] = { NULL };
static void *const nowhere = (void *)8;
static char *edge; /* behind it there is no memory */

static void programs(void)
{
	char *argv[] = { "true", NULL }, *wild[] = { "true", nowhere, NULL }, **last = (char **)edge - 2;
	int pid, status, fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
	FAULTS(execve("/bin/true", nowhere, environ));
	FAULTS(execve("/bin/true", wild, environ));
	FAULTS(execve("/bin/true", argv, nowhere));
	FAULTS(execve("/bin/true", argv, wild));
	FAULTS(execve(nowhere, argv, environ));
	FAULTS(execveat(AT_FDCWD, "/bin/true", argv, wild, 0));
	FAULTS(fexecve(fd, wild, none));
	/* An array that does not end where its memory does. */
	last[0] = last[1] = "A=b";
	FAULTS(execve("/bin/true", argv, last));
	char **own = environ;
	environ = nowhere;
	FAULTS(execv("/bin/true", argv));
	FAULTS(execl("/bin/true", "true", NULL));
	environ = own;
	CHECK(posix_spawn(&pid, "/bin/true", NULL, NULL, wild, environ) == EFAULT);
	CHECK(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, nowhere) == EFAULT);
	CHECK(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, wild) == EFAULT);
	/* One that ends there, and a string that does. */
	memcpy(edge - 4, "A=b", 4);
	last = (char **)(edge - 4096);
	last[0] = edge - 4;
	last[1] = NULL;
	CHECK(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, last) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void addresses(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = socket(AF_INET, SOCK_DGRAM, 0);
	char byte;
	CHECK(bind(one, (struct sockaddr *)&at, sizeof at) == 0);
	/* Four bytes of sixteen. */
	socklen_t length = 4;
	CHECK(getsockname(one, (struct sockaddr *)(edge - 4), &length) == 0 && length == sizeof at);
	FAULTS(getsockname(one, (struct sockaddr *)&at, nowhere));
	length = sizeof at;
	CHECK(getsockname(one, (struct sockaddr *)&at, &length) == 0);
	CHECK(sendto(one, "x", 1, 0, (struct sockaddr *)&at, sizeof at) == 1);
	length = 2;
	CHECK(recvfrom(one, &byte, 1, 0, (struct sockaddr *)(edge - 2), &length) == 1 && length == sizeof at);
	CHECK(sendto(one, "x", 1, 0, (struct sockaddr *)&at, sizeof at) == 1);
	FAULTS(recvfrom(one, &byte, 1, 0, (struct sockaddr *)&at, nowhere));
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_port = 0;
	length = sizeof at;
	CHECK(bind(listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&at, &length) == 0);
	CHECK(connect(client, (struct sockaddr *)&at, sizeof at) == 0);
	length = 0;
	CHECK(accept(listener, (struct sockaddr *)edge, &length) >= 0 && length == sizeof at);
}

int main(void)
{
	char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	edge = memory + 4096;
	CHECK(mprotect(edge, 4096, PROT_NONE) == 0);
	programs();
	addresses();
	puts("done");
	return 0;
}
