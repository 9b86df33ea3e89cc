/* tracepoints_host ROUNDS PLUGIN...: each plugin is loaded, emits and is unloaded again, ROUNDS times; another thread emits
 * meanwhile. Prints how many events all of them were. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <ust.h>

UST_TRACEPOINT(plugins, host, UST_INFO, (u64, number));

enum { EACH = 50 };

static uint64_t number;
static int is_over;

static void *emit_meanwhile(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		struct timespec pause = { 0, 100000 };
		ust_plugins_host(number++);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int rounds = atoi(argv[1]);
	uint64_t emitted[2] = { 0, 0 };
	pthread_t other;

	pthread_create(&other, NULL, emit_meanwhile, NULL);
	for (int round = 0; round < rounds; round++) {
		for (int i = 2; i < argc; i++) {
			void *plugin = dlopen(argv[i], RTLD_NOW);
			void (*emit)(uint64_t, uint64_t *);
			if (!plugin) {
				fputs(dlerror(), stderr);
				return 1;
			}
			emit = (void (*)(uint64_t, uint64_t *))dlsym(plugin, "emit");
			emit(EACH, &emitted[i - 2]);
			dlclose(plugin);
			if (dlopen(argv[i], RTLD_NOW | RTLD_NOLOAD)) {
				fputs("it is still loaded\n", stderr);
				return 1;
			}
		}
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	printf("%llu %llu %llu\n", (unsigned long long)number, (unsigned long long)emitted[0], (unsigned long long)emitted[1]);
	return 0;
}
