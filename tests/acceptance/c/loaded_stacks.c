/* loaded_stacks ROUNDS PLUGIN...: a thread loads one plugin after the other, gets memory through each, and unloads it, so that they
 * lie at the same addresses in turn. Another thread gets memory through the last one, which stays. It prints how many blocks of
 * LENGTH there were. Compiled with -DPLUGIN=BYTES it is such a plugin, whose frames have so many bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LENGTH 4321

#ifdef PLUGIN
__attribute__((noinline)) static void inner(int levels)
{
	volatile char here[PLUGIN];
	here[0] = levels;
	if (levels)
		inner(levels - 1);
	else
		free(malloc(LENGTH));
	here[PLUGIN - 1] = 0;
}

void gets_memory(int levels)
{
	volatile char here[PLUGIN / 2];
	here[0] = levels;
	inner(levels);
	here[1] = 0;
}

/* Nobody but the loader knows of the code that runs here. */
__attribute__((constructor)) static void begins(void)
{
	gets_memory(1);
}
#else
static volatile int is_over;
static unsigned long rounds;
static char **plugins;

static void *loads(void *unused)
{
	for (unsigned long i = 0; i < rounds; i++)
		for (char **plugin = plugins; plugin[1]; plugin++) {
			void *handle = dlopen(*plugin, RTLD_NOW);
			void (*gets_memory)(int) = (void (*)(int))dlsym(handle, "gets_memory");
			gets_memory(i % 5);
			dlclose(handle);
		}
	is_over = 1;
	return NULL;
}

static void *stays(void *gets_memory)
{
	unsigned long count = 0;
	while (!is_over || count < 1000) {
		((void (*)(int))gets_memory)(count % 3);
		count++;
	}
	return (void *)count;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	void *count;
	rounds = strtoul(argv[1], NULL, 10);
	plugins = argv + 2;
	void *last = dlopen(argv[argc - 1], RTLD_NOW);
	pthread_create(&threads[0], NULL, loads, NULL);
	pthread_create(&threads[1], NULL, stays, dlsym(last, "gets_memory"));
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], &count);
	printf("%lu\n", (unsigned long)count + 2 * rounds * (argc - 3) + 1);
	return 0;
}
#endif
