/* Asks the loader in vain, in a constructor that runs before the shim's, and frees what was said: as a library that is preloaded
 * behind the shim. As a program: what the loader had to say of it is still there when other functions have been called first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void ask(void)
{
	for (int i = 0; i < 3; i++)
		dlsym(RTLD_NEXT, "nobody_is_called_that");
}

int main(void)
{
	char memory[4096];
	struct stat status;

	dlerror();
	dlopen("/nowhere/libnothing.so", RTLD_NOW);
	free(realloc(calloc(1, 10), 20));
	close(dup(open("/dev/null", O_RDONLY)));
	if (stat("/", &status) || !getcwd(memory, sizeof memory) || lseek(0, 0, SEEK_CUR) < -1)
		return 1;
	puts(dlerror());
	return 0;
}
