/* Waits until a thread of this process sleeps in the kernel. By direct system calls, which nobody records. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void until_asleep(volatile int *tid)
{
	char path[64], text[512], *state = NULL;

	while (!state || state[2] != 'S') {
		usleep(1000);
		if (!*tid)
			continue;
		snprintf(path, sizeof path, "/proc/self/task/%d/stat", *tid);
		int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
		long length = syscall(SYS_read, fd, text, sizeof text - 1);
		syscall(SYS_close, fd);
		text[length > 0 ? length : 0] = 0;
		state = strrchr(text, ')');
	}
}
