/* seals_strictly strict|clock: goes into seccomp's strict mode, or gives up its time-stamp counter; then reads, writes and allocates.
 * In the strict mode a program may only end by the system call exit. */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char text[100];
	int is_strict = !strcmp(argv[1], "strict"), zero = open("/dev/zero", O_RDWR);
	void *warm = malloc(100);
	for (int i = 0; i < 500; i++)
		if (read(zero, text, sizeof text) != sizeof text)
			return 2;
	free(warm);
	if (is_strict ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) : prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0))
		return 1;
	for (int i = 0; i < 1000; i++) {
		void *small = malloc(100);
		if (!small || read(zero, text, sizeof text) != sizeof text || write(zero, text, 10) != 10)
			return 2;
		free(small);
	}
	if (!is_strict)
		prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
	if (write(1, "behind\n", 7) != 7)
		return 2;
	if (!is_strict)
		return 3;
	syscall(SYS_exit, 3);
}
