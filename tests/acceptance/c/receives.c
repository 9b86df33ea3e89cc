/* As src/bin/receives.rs, without a tracepoint or anything else of ours in the program itself:
 * receives_c plain|deepbind|namespace ROUNDS EVENTS PLUGIN.. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*emit_fn)(unsigned long, unsigned long);

int main(int argc, char **argv)
{
	unsigned long rounds = strtoul(argv[2], NULL, 10), events = strtoul(argv[3], NULL, 10);
	int plugins = argc - 4;
	int deepbind = !strcmp(argv[1], "deepbind"), namespace = !strcmp(argv[1], "namespace");
	int flags = RTLD_NOW | (deepbind ? RTLD_DEEPBIND : 0);

	for (unsigned long round = 0; round < rounds; round++) {
		void *handles[8];
		for (int i = 0; i < plugins; i++) {
			handles[i] = namespace ? dlmopen(LM_ID_NEWLM, argv[4 + i], flags)
					       : dlopen(argv[4 + i], flags);
			if (!handles[i]) {
				fprintf(stderr, "%s\n", dlerror());
				return 1;
			}
			((emit_fn)dlsym(handles[i], "emit"))(round, events);
		}
		for (int i = plugins; i-- > 0;)
			dlclose(handles[i]);
	}
	FILE *report = fopen(getenv("ACCEPTANCE_REPORT"), "w");
	fprintf(report, "[%lu", rounds * events);
	for (int i = 1; i < plugins; i++)
		fprintf(report, ",%lu", rounds * events);
	fprintf(report, "]");
	return fclose(report);
}
