/* seals_itself errno|kill|lets-shims: lets the kernel refuse all system calls but a few, as sandboxes do, or kill the process at the
 * first other one, of which those of the shim's, madvise and futex, may be none; then reads, writes and allocates. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AT(call, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, action)
#define LETS(call) AT(call, SECCOMP_RET_ALLOW)

static int seal(unsigned shims, unsigned other)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		LETS(read), LETS(write), LETS(exit_group), LETS(rt_sigreturn), LETS(brk), LETS(mmap), LETS(munmap),
		AT(madvise, shims), AT(futex, shims),
		BPF_STMT(BPF_RET | BPF_K, other),
	};
	struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	char text[100];
	int is_errno = !strcmp(argv[1], "errno");
	unsigned other = is_errno ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_KILL_PROCESS;
	int zero = open("/dev/zero", O_RDWR);
	puts("before");
	fflush(stdout);
	/* Unseen, and longer than the shim takes to get to know its clocks. */
	syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 150000000 }, NULL);
	if (seal(strcmp(argv[1], "lets-shims") ? other : SECCOMP_RET_ALLOW, other))
		return 1;
	for (int i = 0; i < 1000; i++) {
		void *small = malloc(100), *large = malloc(1 << 20);
		if (!small || !large || read(zero, text, sizeof text) != sizeof text || write(zero, text, 10) != 10)
			return 2;
		free(large);
		free(small);
	}
	if (is_errno) {
		int file = open("/dev/null", O_RDONLY);
		printf("%d %d\n", file, errno);
	}
	puts("behind");
	return 3;
}
