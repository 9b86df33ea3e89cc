/* stays_itself: calls each function of the setuid family once, with the ids that it has. Prints what each returns. */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <unistd.h>

#define TELL(call) printf("%s %d\n", #call, call)

int main(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid(), groups[1];
	TELL(setuid(uid));
	TELL(seteuid(uid));
	TELL(setreuid(uid, uid));
	TELL(setresuid(uid, uid, uid));
	TELL(setfsuid(uid));
	TELL(setgid(gid));
	TELL(setegid(gid));
	TELL(setregid(gid, gid));
	TELL(setresgid(gid, gid, gid));
	TELL(setfsgid(gid));
	TELL(setgroups(0, groups));
	TELL(initgroups("root", gid));
	return 0;
}
