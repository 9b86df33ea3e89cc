/* A plugin with a tracepoint, by the name that it is compiled with. */
#include <ust.h>

UST_TRACEPOINT(plugins, PLUGIN, UST_INFO, (u64, number));

void emit(uint64_t events, uint64_t *number)
{
	while (events--)
		UST_PASTE_(ust_plugins_, PLUGIN)((*number)++);
}
