/* moves_away chroot DIRECTORY|user: shuts itself into a directory without any file, or gives up root's rights; and goes on. */
#define _GNU_SOURCE
#include "goes_on.h"
#include <grp.h>

int main(int argc, char **argv)
{
	goes_on("before");
	if (!strcmp(argv[1], "chroot"))
		printf("%d\n", chroot(argv[2]) || chdir("/"));
	else
		printf("%d\n", setgroups(0, NULL) || setgid(65534) || setuid(65534));
	goes_on("behind");
	goes_on("again");
	return 0;
}
