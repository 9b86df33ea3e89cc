/* rarer_names ACCOUNT DIR: calls functions that few programs call, or only old ones, and checks that each does what it did. */
#define _GNU_SOURCE
#include "account.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CHECK(holds) do { if (!(holds)) { fprintf(stderr, "line %d: %s, errno %d\n", __LINE__, #holds, errno); abort(); } } while (0)

int __xmknod(int, const char *, mode_t, dev_t *);
int __xmknodat(int, int, const char *, mode_t, dev_t *);
FILE *_IO_fopen(const char *, const char *);
FILE *_IO_fdopen(int, const char *);
FILE *_IO_popen(const char *, const char *);
int _IO_fclose(FILE *), _IO_fflush(FILE *), _IO_fputs(const char *, FILE *), _IO_puts(const char *);
int _IO_printf(const char *, ...), _IO_fprintf(FILE *, const char *, ...), _IO_vfprintf(FILE *, const char *, va_list);
size_t _IO_fread(void *, size_t, size_t, FILE *), _IO_fwrite(const void *, size_t, size_t, FILE *);
char *_IO_fgets(char *, int, FILE *);
long _IO_ftell(FILE *);

static void prints(FILE *file, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	CHECK(CALL(vfprintf, _IO_vfprintf(file, format, arguments)) == 3);
	va_end(arguments);
}

static void files(void)
{
	char name[] = "nameXXXXXX.c", other[] = "nameXXXXXX.c";
	struct statfs64 fs;
	struct statvfs64 vfs;
	struct stat st;
	dev_t device = 0;
	int fd = CALL(mkostemps, mkostemps(name, 2, O_CLOEXEC));
	CHECK(fd >= 0 && CALL(fstatfs, fstatfs(fd, (struct statfs *)&fs)) == 0 && CALL(fstatfs, fstatfs64(fd, &fs)) == 0);
	CHECK(CALL(fstatvfs, fstatvfs(fd, (struct statvfs *)&vfs)) == 0 && CALL(fstatvfs, fstatvfs64(fd, &vfs)) == 0);
	CHECK(CALL(fstatfs, fstatfs(-1, (struct statfs *)&fs)) == -1 && errno == EBADF);
	CHECK((fd = CALL(mkostemps, mkostemps64(other, 2, 0))) >= 0);
	CHECK(CALL(mknod, __xmknod(0, "fifo", S_IFIFO | 0600, &device)) == 0 && stat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(CALL(mknodat, __xmknodat(0, AT_FDCWD, "fifo2", S_IFIFO | 0600, &device)) == 0);
	CHECK(CALL(mknod, __xmknod(77, "fifo", S_IFIFO, (dev_t *)8)) == -1 && errno == EINVAL);
	CALL(sync, sync());
	struct dirent entry, *at;
	struct dirent64 entry64, *at64;
	DIR *dir = opendir(".");
	CHECK(CALL(readdir_r, readdir_r(dir, &entry, &at)) == 0 && at == &entry);
	CHECK(CALL(readdir_r, readdir64_r(dir, &entry64, &at64)) == 0 && at64 == &entry64);
	closedir(dir);
	/* The descriptors that the library keeps for itself among them. */
	CALL(closefrom, closefrom(3));
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
}

static void streams(void)
{
	char text[16];
	FILE *file = CALL(fopen, _IO_fopen("file", "w+"));
	CHECK(CALL(fputs, _IO_fputs("text\n", file)) >= 0 && CALL(fwrite, _IO_fwrite("more", 2, 2, file)) == 2);
	CHECK(CALL(fprintf, _IO_fprintf(file, "%d", 17)) == 2 && CALL(fflush, _IO_fflush(file)) == 0);
	prints(file, "%d", 170);
	CHECK(CALL(ftell, _IO_ftell(file)) == 14);
	rewind(file);
	CHECK(CALL(fgets, _IO_fgets(text, 16, file)) == text && !strcmp(text, "text\n"));
	CHECK(CALL(fread, _IO_fread(text, 1, 4, file)) == 4 && !memcmp(text, "more", 4));
	CHECK(CALL(fclose, _IO_fclose(file)) == 0);
	file = CALL(fdopen, _IO_fdopen(dup(1), "w"));
	CALL(fclose, fclose(file));
	file = _IO_popen("exit 3", "r");
	CHECK(WEXITSTATUS(pclose(file)) == 3);
	CALL(printf, _IO_printf("%s\n", "printed"));
	CALL(puts, _IO_puts("done"));
}

int main(int count, char **arguments)
{
	CHECK(count == 3 && chdir(arguments[2]) == 0);
	files();
	streams();
	tell(arguments[1]);
	return 0;
}
