/* Prints the numbers of descriptors that a program gets, and exits with the last one. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	int pair[2];
	int file = open("/dev/null", O_RDONLY);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	int copy = dup(file);
	printf("%d %d %d %d\n", file, pair[0], pair[1], copy);
	return copy;
}
