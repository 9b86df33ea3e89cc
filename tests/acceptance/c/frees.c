/* frees: gives back blocks of 4321 bytes by the rarer names of free. Prints how many of these names there are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	static const char *names[] = { "cfree", "free_sized", "free_aligned_sized" };
	int count = 0;

	for (int i = 0; i < 3; i++) {
		void *memory = malloc(4321);
		void *function = dlsym(RTLD_DEFAULT, names[i]);
		if (!function) {
			free(memory);
			continue;
		}
		count++;
		if (i == 0)
			((void (*)(void *))function)(memory);
		else if (i == 1)
			((void (*)(void *, size_t))function)(memory, 4321);
		else
			((void (*)(void *, size_t, size_t))function)(memory, 16, 4321);
	}
	printf("%d\n", count);
	return 0;
}
