/* handles ACCOUNT: installs handlers of every kind, sends signals to itself, and checks that all is as the manual says. */
#define _GNU_SOURCE
#include "account.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s, errno %d\n", __LINE__, #holds, errno); abort(); } } while (0)

/* How often a signal was delivered to a handler that returned, and how often to one that jumped. */
static volatile long returned[65], jumped[65];
static volatile int last;
static sigjmp_buf before;
static char *page;
static int pipes[2];

static void plain(int number)
{
	returned[number]++;
	last = 1;
	errno = 99;
}

static void other(int number)
{
	returned[number]++;
	last = 2;
}

static void with_info(int number, siginfo_t *info, void *context)
{
	returned[number]++;
	CHECK(info->si_signo == number && info->si_code == SI_QUEUE && info->si_pid == getpid());
	CHECK(info->si_value.sival_int == 4711 && context);
	sigset_t mask;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(sigismember(&mask, SIGUSR2) && sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM));
	last = 3;
}

static void nested(int number)
{
	if (++last < 3)
		raise(number);
	returned[number]++;
}

static void jumps(int number)
{
	jumped[number]++;
	siglongjmp(before, 1);
}

static void maps(int number, siginfo_t *info, void *context)
{
	CHECK(info->si_addr == page + 17 && info->si_code == SEGV_ACCERR);
	CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
	returned[number]++;
}

static void writes(int number)
{
	returned[number]++;
	write(pipes[1], "x", 1);
}

/* The handler and the flags that the program finds. */
static void *found(int number, int *flags)
{
	struct sigaction now;
	CHECK(sigaction(number, NULL, &now) == 0);
	if (flags)
		*flags = now.sa_flags & ~0x04000000; /* SA_RESTORER, the C library's */
	return now.sa_handler;
}

static void the_program_finds_its_own(void)
{
	int flags;
	CHECK(signal(SIGUSR1, plain) == SIG_DFL);
	CHECK(signal(SIGUSR1, other) == plain && found(SIGUSR1, &flags) == other && flags == SA_RESTART);
	errno = 5;
	CHECK(raise(SIGUSR1) == 0 && last == 2 && errno == 5);
	struct sigaction action = { .sa_handler = plain }, old;
	CHECK(sigaction(SIGUSR1, &action, &old) == 0 && old.sa_handler == other);
	CHECK(raise(SIGUSR1) == 0 && last == 1 && errno == 99);
	CHECK(found(SIGUSR1, &flags) == plain && flags == 0);
	action = (struct sigaction){ .sa_sigaction = with_info, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaddset(&action.sa_mask, SIGUSR2);
	/* One action for both. */
	CHECK(sigaction(SIGUSR1, &action, &action) == 0 && action.sa_handler == plain && !(action.sa_flags & SA_SIGINFO));
	CHECK(found(SIGUSR1, &flags) == with_info && flags == (SA_SIGINFO | SA_RESTART));
	CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){ 4711 }) == 0 && last == 3);
	CHECK(signal(SIGUSR1, SIG_IGN) == (void *)with_info && found(SIGUSR1, NULL) == SIG_IGN && raise(SIGUSR1) == 0);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN && found(SIGUSR1, NULL) == SIG_DFL);
}

static void flags_are_kept(void)
{
	struct sigaction once = { .sa_handler = plain, .sa_flags = SA_RESETHAND };
	CHECK(sigaction(SIGUSR1, &once, NULL) == 0 && raise(SIGUSR1) == 0 && found(SIGUSR1, NULL) == SIG_DFL);
	struct sigaction again = { .sa_handler = nested, .sa_flags = SA_NODEFER };
	last = 0;
	CHECK(sigaction(SIGUSR1, &again, NULL) == 0 && raise(SIGUSR1) == 0 && last == 3);
	int flags;
	CHECK(__sysv_signal(SIGUSR2, plain) == SIG_DFL && found(SIGUSR2, &flags) == plain);
	CHECK((flags & (SA_RESETHAND | SA_NODEFER)) == (SA_RESETHAND | SA_NODEFER) && !(flags & SA_SIGINFO));
	CHECK(raise(SIGUSR2) == 0 && found(SIGUSR2, NULL) == SIG_DFL);
	CHECK(sigset(SIGUSR2, SIG_HOLD) == SIG_DFL && sigset(SIGUSR2, SIG_HOLD) == SIG_HOLD);
	last = 0;
	CHECK(sigset(SIGUSR2, plain) == SIG_HOLD && raise(SIGUSR2) == 0 && last == 1);
	CHECK(sigset(SIGUSR2, SIG_DFL) == plain);
}

static void refused(void)
{
	struct sigaction action = { .sa_handler = plain };
	errno = 0;
	CHECK(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
	errno = 0;
	CHECK(sigaction(65, (void *)8, NULL) == -1 && errno == EINVAL);
	errno = 0;
	CHECK(signal(0, plain) == SIG_ERR && errno == EINVAL);
	errno = 0;
	CHECK(signal(SIGUSR1, SIG_ERR) == SIG_ERR && errno == EINVAL);
	errno = 0;
	CHECK(sigset(-1, SIG_HOLD) == SIG_ERR && errno == EINVAL);
}

static void calls_are_interrupted_or_go_on(void)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	char byte;
	CHECK(pipe(pipes) == 0);
	CHECK(siginterrupt(SIGALRM, 1) == 0 && signal(SIGALRM, plain) == SIG_DFL);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	CHECK(read(pipes[0], &byte, 1) == -1 && errno == EINTR);
	CHECK(siginterrupt(SIGALRM, 0) == 0 && found(SIGALRM, NULL) == plain && signal(SIGALRM, writes) == plain);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0 && read(pipes[0], &byte, 1) == 1);
}

static void faults_are_repaired_or_left(void)
{
	struct sigaction action = { .sa_sigaction = maps, .sa_flags = SA_SIGINFO };
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
	page[17] = 1;
	CHECK(page[17] == 1);
	CHECK(signal(SIGSEGV, jumps) == (void *)maps);
	for (volatile int i = 0; i < 300; i++)
		if (!sigsetjmp(before, 1))
			*(volatile char *)24 = 1;
	CHECK(signal(SIGSEGV, SIG_DFL) == jumps);
}

static volatile int sent = 0;

static void *sends(void *to)
{
	for (; sent < 1000; sent++) {
		long so_far = returned[SIGUSR1];
		pthread_kill(*(pthread_t *)to, SIGUSR1);
		while (returned[SIGUSR1] == so_far)
			sched_yield();
	}
	return NULL;
}

/* Each of them is delivered to one handler or the other. */
static void a_handler_is_replaced_while_it_is_called(void)
{
	struct sigaction one = { .sa_handler = plain }, two = { .sa_handler = other, .sa_flags = SA_NODEFER };
	CHECK(sigaction(SIGUSR1, &one, NULL) == 0);
	long start = returned[SIGUSR1];
	pthread_t self = pthread_self(), sender;
	pthread_create(&sender, NULL, sends, &self);
	while (sent < 1000) {
		sigaction(SIGUSR1, &two, NULL);
		sigaction(SIGUSR1, &one, NULL);
		sched_yield();
	}
	pthread_join(sender, NULL);
	CHECK(returned[SIGUSR1] - start == 1000);
}

/* The thread's first event is one on a small stack. */
static void *on_another_stack(void *nothing)
{
	stack_t stack = { .ss_size = sysconf(_SC_SIGSTKSZ) };
	stack.ss_sp = malloc(stack.ss_size);
	CHECK(sigaltstack(&stack, NULL) == 0);
	struct sigaction action = { .sa_handler = plain, .sa_flags = SA_ONSTACK };
	CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
	CHECK(pthread_kill(pthread_self(), SIGUSR2) == 0);
	CHECK(signal(SIGUSR2, SIG_DFL) == plain);
	return NULL;
}

static void children(char *self)
{
	int status;
	signal(SIGUSR1, plain);
	int pid = vfork();
	if (!pid) {
		signal(SIGUSR1, other);
		signal(SIGUSR2, other);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(found(SIGUSR1, NULL) == plain && found(SIGUSR2, NULL) == SIG_DFL);
	pid = fork();
	if (!pid) {
		last = 0;
		raise(SIGUSR1);
		_exit(last == 1 && found(SIGUSR1, NULL) == plain ? 6 : 7);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 6);
	signal(SIGUSR2, SIG_IGN);
	pid = fork();
	if (!pid) {
		execl(self, self, NULL);
		_exit(99);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 8);
}

/* More handlers than there are trampolines. */
static void a_thousand_handlers(void)
{
#ifdef __x86_64__
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(code, 0xc3, 4096); /* each byte is a function that returns */
	for (int i = 0; i < 1000; i++) {
		void *handler = code + i;
		CHECK(signal(SIGTERM, handler) == (i ? (void *)(handler - 1) : (void *)SIG_DFL));
		CHECK(found(SIGTERM, NULL) == handler && raise(SIGTERM) == 0);
	}
#endif
}

int main(int count, char **arguments)
{
	if (count < 2) /* executed: handlers are gone, and what is ignored is not */
		return found(SIGUSR1, NULL) == SIG_DFL && found(SIGUSR2, NULL) == SIG_IGN ? 8 : 9;
	the_program_finds_its_own();
	flags_are_kept();
	refused();
	calls_are_interrupted_or_go_on();
	faults_are_repaired_or_left();
	a_handler_is_replaced_while_it_is_called();
	pthread_t thread;
	pthread_create(&thread, NULL, on_another_stack, NULL);
	pthread_join(thread, NULL);
	children(arguments[0]);
	FILE *account = fopen(arguments[1], "we");
	for (int i = 1; i < 65; i++)
		if (returned[i] || jumped[i])
			fprintf(account, "%d %ld %ld\n", i, returned[i], jumped[i]);
	fclose(account);
	a_thousand_handlers();
	puts("done");
	return 3;
}
