/* limits_itself files|data|addresses: has few descriptors, or little memory, uses up what it has, and goes on when it has given it
 * back. */
#define _GNU_SOURCE
#include "goes_on.h"
#include <sys/resource.h>

#define MANY 4096

/* Bytes of the process that a limit counts, by the kernel's list: in all, or private data. */
static unsigned long used(const char *name)
{
	char line[256];
	unsigned long kilobytes = 0;
	FILE *status = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, status))
		if (!strncmp(line, name, strlen(name)))
			kilobytes = strtoul(line + strlen(name), NULL, 10);
	fclose(status);
	return kilobytes << 10;
}

static void limit(int which, rlim_t most)
{
	struct rlimit both = { most, most };
	printf("limit %d\n", setrlimit(which, &both));
}

int main(int argc, char **argv)
{
	static void *memory[MANY];
	int count = 0;

	goes_on("before");
	if (!strcmp(argv[1], "files")) {
		int file, last = 0;
		limit(RLIMIT_NOFILE, 16);
		while ((file = open("/dev/null", O_RDONLY)) >= 0)
			last = file;
		printf("last %d, then %d\n", last, errno);
		goes_on("with none");
		close(last);
	} else {
		int is_data = !strcmp(argv[1], "data");
		unsigned long now = used(is_data ? "VmData:" : "VmSize:");
		limit(is_data ? RLIMIT_DATA : RLIMIT_AS, now + (64 << 20));
		while (count < MANY && (memory[count] = malloc(1 << 20)))
			count++;
		printf("%s, then %d\n", count >= 30 ? "many" : "few", errno);
		while (count)
			free(memory[--count]);
	}
	goes_on("behind");
	return 0;
}
