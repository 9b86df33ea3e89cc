/* calls_io ACCOUNT DIR: calls functions of descriptors, paths, sockets and waits, and checks that each does what it did. */
#define _GNU_SOURCE
#include "account.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s\n", __LINE__, #holds); abort(); } } while (0)

/* The errno of a failed call is what the C library left. */
#define FAILS(name, call, number) do { errno = 0; CHECK(CALL(name, call) == -1); CHECK(errno == (number)); } while (0)

static void files(void)
{
	char buf[64];
	struct stat st;
	off64_t far = 5LL << 30;
	int fd = CALL(open, open("file", O_RDWR | O_CREAT | O_EXCL, 0640));
	CHECK(fd >= 0);
	CHECK(CALL(fstat, fstat(fd, &st)) == 0 && (st.st_mode & 0777) == 0640);
	CHECK(CALL(write, write(fd, "hello", 5)) == 5);
	CHECK(CALL(pwrite, pwrite64(fd, "far", 3, far)) == 3);
	CHECK(CALL(lseek, lseek64(fd, 0, SEEK_END)) == far + 3);
	CHECK(CALL(pread, pread64(fd, buf, 3, far)) == 3 && !memcmp(buf, "far", 3));
	CHECK(CALL(ftruncate, ftruncate64(fd, far + 1)) == 0);
	CHECK(CALL(stat, stat64("file", (struct stat64 *)&st)) == 0 && st.st_size == far + 1);
	CHECK(CALL(lseek, lseek(fd, 0, SEEK_SET)) == 0);
	CHECK(CALL(read, read(fd, buf, 5)) == 5 && !memcmp(buf, "hello", 5));
	struct iovec two[2] = { { buf, 2 }, { buf + 2, 3 } };
	CHECK(CALL(pwritev, pwritev(fd, two, 2, 0)) == 5);
	CHECK(CALL(preadv, preadv(fd, two, 2, 0)) == 5);
	CHECK(CALL(fsync, fsync(fd)) == 0);
	CHECK(CALL(fcntl, fcntl(fd, F_GETFL)) == (O_RDWR | O_LARGEFILE) || 1);
	int other = CALL(dup, dup(fd));
	CHECK(CALL(close, close(other)) == 0);
	CHECK(CALL(close, close(fd)) == 0);
	FAILS(close, close(fd), EBADF);
	FAILS(read, read(fd, buf, 1), EBADF);
	FAILS(open, open("nowhere/file", O_RDONLY), ENOENT);
	FAILS(open, open((char *)8, O_RDONLY), EFAULT);
	/* Refused before the path is looked at. */
	FAILS(open, open((char *)8, O_TMPFILE), EINVAL);
	FAILS(unlinkat, unlinkat(AT_FDCWD, (char *)8, 0x1234), EINVAL);
	int dir = CALL(open, open(".", O_RDONLY | O_DIRECTORY));
	fd = CALL(openat, openat(dir, "file", O_RDONLY));
	CHECK(fd >= 0);
	CALL(close, close(fd));
	CHECK(CALL(mkdirat, mkdirat(dir, "sub", 0700)) == 0);
	CHECK(CALL(rename, rename("file", "sub/file")) == 0);
	CHECK(CALL(unlink, unlink("sub/file")) == 0);
	CHECK(CALL(rmdir, rmdir("sub")) == 0);
	CALL(close, close(dir));
}

static void sockets(void)
{
	char buf[8];
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, peer;
	socklen_t length = sizeof at;
	int listener = CALL(socket, socket(AF_INET, SOCK_STREAM, 0));
	CHECK(CALL(bind, bind(listener, (struct sockaddr *)&at, sizeof at)) == 0);
	CHECK(CALL(getsockname, getsockname(listener, (struct sockaddr *)&at, &length)) == 0);
	CHECK(CALL(listen, listen(listener, 4)) == 0);
	int client = CALL(socket, socket(AF_INET, SOCK_STREAM, 0));
	CHECK(CALL(connect, connect(client, (struct sockaddr *)&at, sizeof at)) == 0);
	length = sizeof peer;
	int server = CALL(accept, accept(listener, (struct sockaddr *)&peer, &length));
	CHECK(server >= 0);
	CHECK(CALL(send, send(client, "ping", 4, 0)) == 4);
	struct pollfd one = { server, POLLIN, 0 };
	CHECK(CALL(poll, poll(&one, 1, -1)) == 1);
	CHECK(CALL(recv, recv(server, buf, sizeof buf, 0)) == 4);
	CALL(close, close(client));
	CALL(close, close(server));
	CALL(close, close(listener));
	struct sockaddr_un nobody = { AF_UNIX, "no/body" };
	int local = CALL(socket, socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(connect, connect(local, (struct sockaddr *)&nobody, sizeof nobody), ENOENT);
	FAILS(connect, connect(local, (struct sockaddr *)8, 16), EFAULT);
	FAILS(connect, connect(-1, (struct sockaddr *)8, 16), EBADF);
	CALL(close, close(local));
	int epoll = CALL(epoll_create1, epoll_create1(0));
	struct epoll_event event;
	CHECK(CALL(epoll_wait, epoll_wait(epoll, &event, 1, 0)) == 0);
	CALL(close, close(epoll));
}

static void waits(void)
{
	struct timespec ten = { 0, 10000000 };
	/* Longer than it takes until the counter is used as a clock. */
	for (int i = 0; i < 20; i++)
		CHECK(CALL(nanosleep, nanosleep(&ten, NULL)) == 0);
}

int main(int count, char **arguments)
{
	CHECK(count == 3 && chdir(arguments[2]) == 0);
	files();
	sockets();
	waits();
	tell(arguments[1]);
	puts("done");
	return 0;
}
