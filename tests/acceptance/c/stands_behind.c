/* As a library: functions in place of the C library's, one of them in two versions, the older one first. As a program: says what
 * they return. */
#include <stdio.h>
#include <unistd.h>

#ifdef LIBRARY

int chdir(const char *path)
{
	return 17;
}

off_t old_lseek(int fd, off_t offset, int whence)
{
	return 18;
}
__asm__(".symver old_lseek, lseek@OLDER");

off_t new_lseek(int fd, off_t offset, int whence)
{
	return 19;
}
__asm__(".symver new_lseek, lseek@@NEWER");

#else

int main(void)
{
	int where = chdir("/");
	long offset = lseek(0, 0, SEEK_CUR);

	printf("%d %ld %d\n", where, offset, isatty(-1));
	return 0;
}

#endif
