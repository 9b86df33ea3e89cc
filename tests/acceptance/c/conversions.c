/* conversions WAY ROUNDS DIR: makes glibc load the module of a charset and unload it again, and loads DIR/plugin.so at that place,
 * which gets memory. It prints in how many rounds the plugin has lain there. Compiled with -DMODULE=BYTES it is such a module, or
 * the plugin: its frames have so many bytes, and its blocks 100,000 more.
 *
 * glibc unloads a module when others have been given back three times since. So each WAY also opens and closes another one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gconv.h>
#include <iconv.h>
#include <link.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#ifdef MODULE
__attribute__((noinline)) static void inner(int levels)
{
	volatile char here[MODULE];
	here[0] = levels;
	if (levels)
		inner(levels - 1);
	else
		free(malloc(100000 + MODULE));
	here[MODULE - 1] = 0;
}

void gets_memory(int levels)
{
	volatile char here[MODULE / 2];
	here[0] = levels;
	inner(levels);
	here[1] = 0;
}

int gconv_init(struct __gconv_step *step)
{
	if (strstr(step->__from_name, "NOWHERE"))
		return __GCONV_NOCONV;
	for (int levels = 0; levels < 5; levels++)
		gets_memory(levels);
	step->__min_needed_from = step->__max_needed_from = 1;
	step->__min_needed_to = step->__max_needed_to = 4;
	step->__stateful = 0;
	return __GCONV_OK;
}

int gconv(struct __gconv_step *step, struct __gconv_step_data *data, const unsigned char **in, const unsigned char *end,
	unsigned char **out, size_t *irreversible, int flush, int begin)
{
	return __GCONV_EMPTY_INPUT;
}
#else
static void by_iconv(const char *charset)
{
	iconv_close(iconv_open("UTF-8", charset));
}

/* A charset from which only a way to this one is declared, which fails. glibc remembers that, so there is another one each time. */
static const char *nowhere(char name[30], const char *start, const char *charset)
{
	static int count;
	snprintf(name, 30, "%sNOWHERE%d%s", start, count++, charset);
	return name;
}

static void by_failing(const char *charset)
{
	char name[30];
	if (iconv_open("UTF-8", nowhere(name, "", charset)) != (iconv_t)-1)
		abort();
}

static void by_stream(const char *charset)
{
	char mode[30];
	snprintf(mode, sizeof(mode), "r,ccs=%s", charset);
	fclose(fopen("/dev/null", mode));
}

static void by_failing_stream(const char *charset)
{
	char mode[30];
	if (fopen("/dev/null", nowhere(mode, "r,ccs=", charset)))
		abort();
}

static void by_reopening(const char *charset)
{
	char mode[30];
	FILE *stream = fopen("/dev/null", "r");
	if (freopen("/dev/null", nowhere(mode, "r,ccs=", charset), stream))
		abort();
}

/* The locale is of the charset's name. */
static void by_locale(const char *charset)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, charset, (locale_t)0);
	if (!locale)
		abort();
	uselocale(locale);
	btowc(200);
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(locale);
}

static void by_new_locale(const char *charset)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, charset, (locale_t)0);
	uselocale(locale);
	btowc(200);
	uselocale(LC_GLOBAL_LOCALE);
	/* It takes the place of the first. */
	newlocale(LC_CTYPE_MASK, "C", locale);
}

static const struct {
	const char *name;
	void (*uses)(const char *charset);
} ways[] = {
	{"iconv", by_iconv}, {"failing", by_failing}, {"stream", by_stream}, {"failing_stream", by_failing_stream},
	{"reopening", by_reopening}, {"locale", by_locale}, {"new_locale", by_new_locale},
};

struct place {
	ElfW(Addr) base;
	size_t bytes;
};

static int finds(struct dl_phdr_info *info, size_t bytes, void *found)
{
	struct place *place = found;
	if (!strstr(info->dlpi_name, "/XUST1.so"))
		return 0;
	place->base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			place->bytes = (info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz + 4095) & ~4095UL;
	return 1;
}

/* Where the module is; nowhere, if it is not loaded. */
static struct place module(void)
{
	struct place place = {0, 0};
	dl_iterate_phdr(finds, &place);
	return place;
}

/* Takes the pages that the kernel likes better, up to the last one of this place, so that what is mapped next lies here. */
static void is_next(struct place place)
{
	for (int i = 0; i < 10000; i++) {
		char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if ((ElfW(Addr))page + 4096 == place.base + place.bytes) {
			munmap(page, 4096);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	void (*uses)(const char *) = NULL;
	unsigned long rounds = strtoul(argv[2], NULL, 10), same_place = 0;
	char plugin_path[4096];
	for (unsigned way = 0; way < sizeof(ways) / sizeof(*ways); way++)
		if (!strcmp(argv[1], ways[way].name))
			uses = ways[way].uses;
	/* Where glibc looks for modules, and for locales. */
	setenv("GCONV_PATH", argv[3], 1);
	setenv("LOCPATH", argv[3], 1);
	snprintf(plugin_path, sizeof(plugin_path), "%s/plugin.so", argv[3]);
	for (unsigned long round = 0; round < rounds; round++) {
		uses("XUST1");
		struct place was = module();
		for (int i = 0; module().base && i < 10; i++)
			uses("XUST2");
		if (!was.base || module().base)
			fprintf(stderr, "%s: %s\n", argv[1], was.base ? "not unloaded" : "not loaded");
		is_next(was);
		void *plugin = dlopen(plugin_path, RTLD_NOW);
		same_place += ((struct link_map *)plugin)->l_addr == was.base;
		void (*gets_memory)(int) = (void (*)(int))dlsym(plugin, "gets_memory");
		for (int levels = 0; levels < 5; levels++)
			gets_memory(levels);
		dlclose(plugin);
	}
	printf("%lu\n", same_place);
	return 0;
}
#endif
