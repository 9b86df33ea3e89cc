/* A program with tracepoints of LTTng-UST. For each line of standard input, which is a number, it records that many times
 * each of its events, and answers with a line. */
#include <arpa/inet.h>
#include <stdio.h>

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_events.h"

int main(void)
{
    char line[32];
    int number = 0;
    while (fgets(line, sizeof line, stdin)) {
        int count = 0;
        sscanf(line, "%d", &count);
        for (int i = 0; i < count; i++, number++) {
            char text[64];
            snprintf(text, sizeof text, "text\t%d \"quoted\" \\ \x01 end", number);
            lttng_ust_tracepoint(witness, numbers, number, text);
            /* Of a text without letters babeltrace2 2.0.4 shows that of the event before. */
            lttng_ust_tracepoint(witness, lists, text, number % 7 + 1);
            lttng_ust_tracepoint(witness, nothing);
        }
        puts("done");
        fflush(stdout);
    }
    return 0;
}
