/* The text format 0.0.4 of Prometheus, from one table of all series and one array of their
 * values, in the same order: first the counters as sys/counters.h has them, then what is
 * measured now. */
#include "relay/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "relay/close_reason.h"
#include "relay/workers.h"
#include "sys/counters.h"
#include "sys/version.h"

/* A line each: name, label, the label's values, one for each series, and help. Without help it
 * is more of the line before. Names that end with _total are counters, the others gauges;
 * process_ seconds are counted in thousandths. */
static const char table[] =
	"socat_sessions_total|||Sessions begun.\n"
	"socat_relayed_bytes_total|direction|left_to_right,right_to_left|"
	"Bytes read from one address for the other.\n"
	"socat_connections_refused_total|reason|range,tcpwrap,port,proxy_source,proxy_header,"
	"max_children_per_peer,shortage|Connections and peers turned away.\n"
	"socat_shortages_total|||Times that descriptors or memory ran out.\n"
	"socat_rate_waits_total|||Times that connections had to wait for max-rate.\n"
	"socat_dropped_packets_total|||Packets of peers that were not let in.\n"
	"socat_connect_failures_total|reason|refused,timeout,unreachable,dns,missing,denied,other|"
	"Attempts to connect that have failed.\n"
	"socat_handshake_failures_total|side=\"client\",reason|other,closed,timeout,certificate,"
	"refused|Handshakes of TLS and with proxies that have failed.\n"
	"socat_handshake_failures_total|side=\"upstream\",reason|other,closed,timeout,certificate,"
	"refused|\n"
	"socat_sessions_open|||Sessions that have not ended.\n"
	"socat_sessions_max|||Option max-children; 0: no limit.\n"
	"socat_draining|||1 after the signal to end.\n"
	"socat_workers|||Processes that serve.\n"
	"socat_workers_replaced_total|||Processes that died and were replaced.\n"
	"process_cpu_seconds_total|||CPU time used.\n"
	"process_start_time_seconds|||Time of the start, since 1970.\n"
	"process_open_fds|||Open descriptors.\n"
	"process_max_fds|||Limit of open descriptors.\n"
	"process_resident_memory_bytes|||Memory in use.\n"
	"process_virtual_memory_bytes|||Address space in use.\n";

_Static_assert((int)CLOSE_REASONS <= (int)ENDED_KILLED, "each reason has its counter");

enum { OPEN = COUNT_CONNECT_TIME, MOST, DRAINING, WORKERS, REPLACED, PROCESS,
       VALUES = PROCESS + PROCESS_FIGURES };

struct piece {
	const char *start;
	int length;
};

static struct piece take_piece(const char **rest, const char *ends)
{
	struct piece piece = { *rest, (int)strcspn(*rest, ends) };

	*rest += piece.length + 1;
	return piece;
}

/* The series of a line; *value moves on. Returns the next line. */
static const char *write_line(struct metrics_text *text, const char *line, const uint64_t **value)
{
	struct piece name = take_piece(&line, "|"), label = take_piece(&line, "|");
	struct piece values = take_piece(&line, "|"), help = take_piece(&line, "\n"), word;
	bool counter = memcmp(name.start + name.length - 6, "_total", 6) == 0;
	bool seconds = memmem(name.start, (size_t)name.length, "_seconds", 8) != NULL;

	if (help.length > 0)
		metrics_print(text, "# HELP %.*s %.*s\n# TYPE %.*s %s\n", name.length, name.start,
		              help.length, help.start, name.length, name.start,
		              counter ? "counter" : "gauge");
	do {
		metrics_print(text, "%.*s", name.length, name.start);
		word = take_piece(&values.start, ",|");
		if (word.length > 0)
			metrics_print(text, "{%.*s=\"%.*s\"}", label.length, label.start,
			              word.length, word.start);
		if (seconds)
			metrics_print(text, " %" PRIu64 ".%03u\n", **value / 1000,
			              (unsigned)(**value % 1000));
		else
			metrics_print(text, " %" PRIu64 "\n", **value);
		++*value;
	} while (word.start[word.length] == ',');
	return line;
}

/* What takes longest comes last, as what is read later is never less. */
static void measure(uint64_t values[VALUES])
{
	uint64_t ended = 0;

	for (unsigned i = OPEN; i-- > 0;)
		values[i] = counter_sum(i);
	for (unsigned i = 0; i < ENDS; i++)
		ended += values[COUNT_ENDED + i];
	values[OPEN] = values[COUNT_SESSIONS] - ended;
	values[MOST] = metrics_most();
	values[DRAINING] = metrics_state() == METRICS_DRAINING;
	values[WORKERS] = workers_any() ? workers_running() : 1;
	values[REPLACED] = workers_replaced();
	metrics_measure_process(values + PROCESS);
}

/* CLOSE_NONE is the reason of those that had begun before it showed that they are refused. */
static void write_ends(struct metrics_text *text, const uint64_t *value)
{
	static const char name[] = "socat_sessions_ended_total";

	metrics_print(text, "# HELP %s Sessions that have ended.\n# TYPE %s counter\n"
	              "%s{reason=\"refused\"} %" PRIu64 "\n%s{reason=\"killed\"} %" PRIu64 "\n",
	              name, name, name, value[CLOSE_NONE], name, value[ENDED_KILLED]);
	for (unsigned i = CLOSE_NONE + 1; i < CLOSE_REASONS; i++)
		metrics_print(text, "%s{reason=\"%s\"} %" PRIu64 "\n", name, close_reason_word(i),
		              value[i]);
}

static void write_connect_time(struct metrics_text *text)
{
	static const char name[] = "socat_connect_duration_seconds";
	uint64_t sum = 0, nanoseconds = counter_sum(COUNT_CONNECT_TIME);

	metrics_print(text, "# HELP %s Time that a successful connect over IP took.\n"
	              "# TYPE %s histogram\n", name, name);
	for (unsigned i = 0; i < CONNECT_BUCKETS; i++) {
		sum += counter_sum(COUNT_CONNECT_BUCKET + i);
		metrics_print(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
		              (double)counter_connect_bounds[i] / 1e4, sum);
	}
	sum += counter_sum(COUNT_CONNECT_LATE);
	metrics_print(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 ".%09u\n"
	              "%s_count %" PRIu64 "\n", name, sum, name, nanoseconds / 1000000000u,
	              (unsigned)(nanoseconds % 1000000000u), name, sum);
}

void metrics_write(struct metrics_text *text)
{
	uint64_t values[VALUES];
	const uint64_t *value = values;

	measure(values);
	metrics_print(text, "# HELP socat_build_info The version that runs.\n"
	              "# TYPE socat_build_info gauge\nsocat_build_info{version=\"%s\"} 1\n",
	              socat_version);
	for (const char *line = table; *line != '\0';) {
		line = write_line(text, line, &value);
		if (value == values + COUNT_ENDED) {
			write_ends(text, value);
			value += ENDS;
		}
	}
	write_connect_time(text);
}
