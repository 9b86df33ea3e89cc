/* What a program has called, by its own account: CALL(open, open(path, flags)) counts and calls. */
#include <stdio.h>
#include <string.h>

static struct {
	const char *name;
	long count;
} account[256];

static void called(const char *name)
{
	int i = 0;
	while (account[i].name && strcmp(account[i].name, name))
		i++;
	account[i].name = name;
	account[i].count++;
}

#define CALL(name, call) (called(#name), (call))

/* Lines of a name and a number, to the file of the first argument. */
static void tell(const char *path)
{
	FILE *file = fopen(path, "we");
	for (int i = 0; account[i].name; i++)
		fprintf(file, "%s %ld\n", account[i].name, account[i].count);
	fclose(file);
}
