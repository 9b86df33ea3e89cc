/* moves_data: reads and writes known bytes by every function that has an event of data, and by some calls that have none. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s, errno %d\n", __LINE__, #holds, errno); abort(); } } while (0)

static char buf[64];

static struct iovec three[3] = { { buf, 1 }, { buf + 1, 0 }, { buf + 1, 63 } };
static struct iovec abc[3] = { { "ab", 2 }, { NULL, 0 }, { "cdefghijkl", 10 } };

static void files(void)
{
	int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(write(fd, "write", 5) == 5);
	CHECK(pwrite(fd, "pwrite", 6, 0) == 6);
	CHECK(pread(fd, buf, 64, 1) == 5);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(read(fd, buf, 64) == 6);
	CHECK(writev(fd, abc, 3) == 12);
	CHECK(preadv(fd, three, 3, 6) == 12);
	CHECK(pwritev(fd, abc, 1, 0) == 2);
	CHECK(pwritev2(fd, abc, 1, 0, 0) == 2);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(readv(fd, three, 3) == 18);
	CHECK(preadv2(fd, three, 3, 16, 0) == 2);
	struct iovec many[20];
	for (int i = 0; i < 20; i++)
		many[i] = (struct iovec){ "abcdefghijklmnopqrst" + i, 1 };
	CHECK(writev(fd, many, 20) == 20);
	close(fd);
	FILE *file = fopen("data", "w+");
	CHECK(fwrite("itemitem", 4, 2, file) == 2);
	rewind(file);
	CHECK(fread(buf, 4, 3, file) == 2);
	fclose(file);
}

static void sockets(void)
{
	int two[2];
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, two) == 0);
	CHECK(send(two[0], "send", 4, 0) == 4);
	CHECK(recv(two[1], buf, 64, 0) == 4);
	CHECK(sendto(two[0], "sendto", 6, 0, NULL, 0) == 6);
	CHECK(recvfrom(two[1], buf, 64, 0, NULL, NULL) == 6);
	struct msghdr out = { .msg_iov = abc, .msg_iovlen = 3 }, in = { .msg_iov = three, .msg_iovlen = 3 };
	CHECK(sendmsg(two[0], &out, 0) == 12);
	CHECK(recvmsg(two[1], &in, 0) == 12);
	struct iovec xy[2] = { { "xxx", 3 }, { "yy", 2 } }, halves[2] = { { buf, 32 }, { buf + 32, 32 } };
	struct mmsghdr outs[2] = { { { .msg_iov = xy, .msg_iovlen = 1 } }, { { .msg_iov = xy + 1, .msg_iovlen = 1 } } };
	struct mmsghdr ins[2] = { { { .msg_iov = halves, .msg_iovlen = 1 } }, { { .msg_iov = halves + 1, .msg_iovlen = 1 } } };
	CHECK(sendmmsg(two[0], outs, 2, 0) == 2);
	CHECK(recvmmsg(two[1], ins, 2, 0, NULL) == 2);
	close(two[0]);
	close(two[1]);
}

/* None of these has data that can be had. */
static void without(void)
{
	int two[2], null = open("/dev/null", O_WRONLY);
	CHECK(write(null, (char *)8, 5) == 5);
	CHECK(write(null, buf, 0) == 0);
	CHECK(read(-1, buf, 5) == -1 && errno == EBADF);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, two) == 0);
	CHECK(read(two[1], buf, 0) == 0);
	CHECK(fcntl(two[1], F_SETFL, O_NONBLOCK) == 0);
	CHECK(recv(two[1], buf, 5, 0) == -1 && errno == EAGAIN);
	struct iovec ab = { "ab", 2 };
	struct msghdr out = { .msg_iov = &ab, .msg_iovlen = 1 };
	CHECK(sendmsg(two[0], &out, 0) == 2);
	CHECK(recv(two[1], buf, 1, MSG_TRUNC) == 2);
}

int main(int count, char **arguments)
{
	CHECK(count == 2 && chdir(arguments[1]) == 0);
	files();
	sockets();
	without();
	return 4;
}
