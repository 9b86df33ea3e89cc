/* seals_strictly strict|syscall|clock|exit: goes into seccomp's strict mode, by either function, or gives up its time-stamp counter, or
 * neither; then reads, writes and allocates. In the strict mode a program may only end by the system call exit; the last ends so too. */
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
	int zero = open("/dev/zero", O_RDWR), failed = 0, has_clock = strcmp(argv[1], "clock");
	void *warm = malloc(100);
	for (int i = 0; i < 500; i++)
		if (read(zero, text, sizeof text) != sizeof text)
			return 2;
	free(warm);
	if (!strcmp(argv[1], "strict"))
		failed = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
	else if (!strcmp(argv[1], "syscall"))
		failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
	else if (!has_clock)
		failed = prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
	if (failed)
		return 1;
	for (int i = 0; i < 1000; i++) {
		void *small = malloc(100);
		if (!small || read(zero, text, sizeof text) != sizeof text || write(zero, text, 10) != 10)
			return 2;
		free(small);
	}
	if (!has_clock)
		prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
	if (write(1, "behind\n", 7) != 7)
		return 2;
	if (!has_clock)
		return 3;
	syscall(SYS_exit, 3);
}
