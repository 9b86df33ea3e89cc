/* resolves DIR: calls that are given descriptors of every kind, in this order. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	struct stat st;
	if (chdir(arguments[1]))
		abort();
	mkdirat(AT_FDCWD, "sub", 0700);
	int dir = open("sub", O_RDONLY | O_DIRECTORY);
	int file = openat(dir, "file", O_RDWR | O_CREAT, 0600);
	linkat(dir, "file", AT_FDCWD, "other", 0);
	write(file, "x", 1);
	unlinkat(dir, "file", 0);
	fstat(file, &st);
	close(dir);
	close(dir);
	return 0;
}
