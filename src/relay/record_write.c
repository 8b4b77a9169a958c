#include "relay/record_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

/* Types that connect to a host and a port, their last two parameters. */
static bool has_port(const struct spec *spec)
{
	return spec->param_count >= 2 && !(spec->type->groups & G_LISTEN) &&
	       (spec->type->groups & (G_IP4 | G_IP6 | G_SOCKS | G_HTTP)) != 0;
}

char *record_target(const struct spec *spec, char *text, size_t size)
{
	unsigned count = spec->param_count;
	size_t n;

	if (has_port(spec)) {
		snprintf(text, size, "%s:%s", spec->params[count - 2], spec->params[count - 1]);
		return text;
	}
	n = (size_t)snprintf(text, size, "%s", spec->type->name);
	for (unsigned i = 0; i < count && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, ":%s", spec->params[i]);
	return text;
}

/* Who is at this end. */
static const char *name_of(const struct end *end, char *text, size_t size)
{
	if (end->peer != NULL)
		return end->peer;
	if (end->process.pid != 0) {
		snprintf(text, size, "pid:%d,uid:%u", (int)end->process.pid,
		         (unsigned)end->process.uid);
		return text;
	}
	return record_target(end->spec, text, size);
}

/* How the session's program has ended; NULL if there is none, or it is not known. */
static const struct end *program_of(const struct record *record)
{
	const struct end *end = &record->ends[RECORD_UPSTREAM];

	if (end->status == -1)
		end = &record->ends[RECORD_CLIENT];
	return end->status == -1 ? NULL : end;
}

/* As shells have it: 128 and the number, if a signal has ended it. */
static int exit_status(const struct end *program)
{
	return WIFEXITED(program->status) ? WEXITSTATUS(program->status)
	                                  : 128 + WTERMSIG(program->status);
}

static const char *why(const struct record *record)
{
	if (record->why != NULL)
		return record->why;
	return record->sums.error != 0 ? error_text(record->sums.error) : "";
}

/* --- JSON ------------------------------------------------------------------------- */

/* A variable that programs would get; NULL if there is none. */
static const char *find(const struct variables *variables, const char *name)
{
	size_t length = strlen(name);

	for (size_t at = 0; variables != NULL && at < variables->size;) {
		const char *pair = variables->text + at;

		if (strncmp(pair, name, length) == 0 && pair[length] == '=')
			return pair + length + 1;
		at += strlen(pair) + 1;
	}
	return NULL;
}

static void write_tls(struct json *json, const char *name, const struct end *end)
{
	const char *version = find(end->names, "OPENSSL_PROTO_VERSION");

	if (version == NULL || !json_enter(json, name))
		return;
	json_string(json, "version", version);
	json_string(json, "cipher", find(end->names, "OPENSSL_CIPHER"));
	json_bool(json, "resumed", find(end->names, "OPENSSL_RESUMED") != NULL);
	json_string(json, "sni", find(end->names, "OPENSSL_SNI"));
	json_string(json, "peer_name", find(end->names, "OPENSSL_X509_COMMONNAME"));
	json_leave(json);
}

static void write_client(struct json *json, const struct end *client)
{
	char text[NET_TEXT];

	json_string(json, "client", name_of(client, text, sizeof(text)));
	json_string(json, "via", client->via);
	if (client->process.pid != 0) {
		json_number(json, "client_pid", (uint64_t)client->process.pid);
		json_number(json, "client_uid", client->process.uid);
	}
	json_string(json, "listener", client->local);
}

static void write_upstream(struct json *json, const struct end *upstream)
{
	char text[NET_TEXT];

	json_string(json, "upstream", name_of(upstream, text, sizeof(text)));
	json_string(json, "proxy", upstream->via);
}

static void write_json(const struct record *record)
{
	const struct record_sums *sums = &record->sums;
	const struct end *program = program_of(record);
	unsigned right = sums->client_right;
	char line[LOG_LINE];
	struct json json;

	log_event_begin(&json, line, LOG_NOTICE_, "session");
	json_string(&json, "close_reason", close_reason_word(sums->reason));
	json_bool(&json, "failed", sums->failed);
	json_string(&json, "error", *why(record) != '\0' ? why(record) : NULL);
	json_seconds(&json, "duration", record->lasted);
	json_number(&json, "bytes_to_upstream", sums->bytes[right]);
	json_number(&json, "bytes_to_client", sums->bytes[!right]);
	json_number(&json, "blocks_to_upstream", sums->blocks[right]);
	json_number(&json, "blocks_to_client", sums->blocks[!right]);
	json_number(&json, "lost", sums->lost);
	write_client(&json, &record->ends[RECORD_CLIENT]);
	write_upstream(&json, &record->ends[RECORD_UPSTREAM]);
	if (program != NULL)
		json_number(&json, "exit_status", (uint64_t)exit_status(program));
	write_tls(&json, "client_tls", &record->ends[RECORD_CLIENT]);
	write_tls(&json, "upstream_tls", &record->ends[RECORD_UPSTREAM]);
	log_event_end(&json, LOG_NOTICE_);
}

/* --- text ------------------------------------------------------------------------- */

/* what: NULL is nothing. */
static void append(char *text, size_t size, const char *before, const char *what)
{
	size_t n = strlen(text);

	if (what != NULL)
		snprintf(text + n, size - n, "%s%s", before, what);
}

/* What has failed is in a line of its own. */
static void write_text(const struct record *record)
{
	const struct record_sums *sums = &record->sums;
	const struct end *client = &record->ends[RECORD_CLIENT];
	const struct end *upstream = &record->ends[RECORD_UPSTREAM], *program = program_of(record);
	char name[NET_TEXT], ends[4 * NET_TEXT] = "", lost[32] = "", exit[32] = "";

	append(ends, sizeof(ends), "", name_of(client, name, sizeof(name)));
	append(ends, sizeof(ends), " via ", client->via);
	append(ends, sizeof(ends), " on ", client->local);
	append(ends, sizeof(ends), " to ", name_of(upstream, name, sizeof(name)));
	append(ends, sizeof(ends), " via ", upstream->via);
	if (sums->lost > 0)
		snprintf(lost, sizeof(lost), ", %zu lost", sums->lost);
	if (program != NULL)
		snprintf(exit, sizeof(exit), "; exit status %d", exit_status(program));
	log_notice("session of %s over after %d.%03d s: %" PRIu64 " bytes to the right, %" PRIu64
	           " to the left%s; %s%s", ends, (int)(record->lasted / NANOSECONDS),
	           (int)(record->lasted % NANOSECONDS / 1000000), sums->bytes[0], sums->bytes[1],
	           lost, close_reason_word(sums->reason), exit);
}

void record_write(const struct record *record)
{
	if (log_json())
		write_json(record);
	else
		write_text(record);
}
