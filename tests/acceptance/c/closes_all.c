/* closes_all each|range|taken: closes all descriptors but the standard ones, as daemons do, or makes each number below 1,024 one of a
 * file of its own; and goes on. Says what numbers it is given, and how long the file is then. */
#define _GNU_SOURCE
#include "goes_on.h"
#include <sys/stat.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	struct stat own = { 0 };
	FILE *file = tmpfile();
	int number = fileno(file);

	goes_on("before");
	if (!strcmp(argv[1], "each"))
		for (int i = 3; i < 1024; i++)
			close(i);
	else if (!strcmp(argv[1], "range"))
		close_range(3, ~0u, 0);
	else /* What somebody else writes by a number of his goes into the file from here on. */
		for (int i = 3; i < 1020; i++)
			dup2(number, i);
	goes_on("behind");
	goes_on("again");
	if (!strcmp(argv[1], "taken"))
		printf("%d %ld\n", fstat(number, &own), (long)own.st_size);
	return 0;
}
