#include "relay/dump.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/log.h"

enum { HEX_COLUMNS = 16 };

/* Output is collected here and written in few calls. */
struct out {
	char data[4096];
	size_t length;
};

static void write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		length -= (size_t)n;
	}
}

static void out_flush(struct out *out)
{
	write_all(STDERR_FILENO, out->data, out->length);
	out->length = 0;
}

static void out_text(struct out *out, const char *text, size_t length)
{
	if (out->length + length > sizeof(out->data))
		out_flush(out);
	memcpy(out->data + out->length, text, length);
	out->length += length;
}

static void out_header(struct out *out, bool left_to_right, uint64_t offset, size_t length)
{
	char line[160], stamp[32];
	struct timeval now;
	struct tm tm;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y/%m/%d %H:%M:%S", &tm);
	snprintf(line, sizeof(line), "%c %s.%06ld  length=%zu from=%" PRIu64 " to=%" PRIu64 "\n",
	         left_to_right ? '>' : '<', stamp, (long)now.tv_usec, length, offset,
	         offset + length - 1);
	out_text(out, line, strlen(line));
}

static void out_readable(struct out *out, const unsigned char *data, size_t length)
{
	static const char escaped[] = "\a\b\f\v\r\\", letters[] = "abfvr\\";

	for (size_t i = 0; i < length; i++) {
		char pair[2] = { '\\', (char)data[i] };
		const char *e = data[i] != 0 ? strchr(escaped, data[i]) : NULL;

		if (e != NULL) {
			pair[1] = letters[e - escaped];
			out_text(out, pair, 2);
		} else {
			if (data[i] != '\n' && data[i] != '\t' && (data[i] < 32 || data[i] > 126))
				pair[1] = '.';
			out_text(out, pair + 1, 1);
		}
	}
}

static void out_hex(struct out *out, const unsigned char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char text[4];

		snprintf(text, sizeof(text), " %02x", data[i]);
		out_text(out, text, 3);
	}
}

/* Hex and text side by side; a line ends after 16 bytes or a newline. */
static void out_both(struct out *out, const unsigned char *data, size_t length)
{
	while (length > 0) {
		size_t n = 0;

		while (n < HEX_COLUMNS && n < length && (n == 0 || data[n - 1] != '\n'))
			n++;
		out_hex(out, data, n);
		for (size_t i = n; i < HEX_COLUMNS; i++)
			out_text(out, "   ", 3);
		out_text(out, "  ", 2);
		for (size_t i = 0; i < n; i++)
			out_text(out, data[i] < 32 || data[i] > 126 ? "." : (const char *)data + i, 1);
		out_text(out, "\n", 1);
		data += n;
		length -= n;
	}
	out_text(out, "--\n", 3);
}

bool dump_wanted(const struct dump *dump)
{
	return dump->text || dump->hex || dump->raw[0] >= 0 || dump->raw[1] >= 0;
}

void dump_block(const struct dump *dump, bool left_to_right, uint64_t offset, const void *data,
                size_t length)
{
	int raw = dump->raw[left_to_right ? 0 : 1];
	struct out out = { .length = 0 };

	if (raw >= 0)
		write_all(raw, data, length);
	if (!dump->text && !dump->hex)
		return;
	out_header(&out, left_to_right, offset, length);
	if (dump->text && dump->hex) {
		out_both(&out, data, length);
	} else if (dump->hex) {
		out_hex(&out, data, length);
		out_text(&out, "\n", 1);
	} else {
		out_readable(&out, data, length);
	}
	out_flush(&out);
}

/* The value of a variable in a file name; buffer is for those that are made up here. */
static const char *variable(const char *name, char *buffer, size_t size)
{
	struct timeval now;
	struct tm tm;

	gettimeofday(&now, NULL);
	if (strcmp(name, "PROGNAME") == 0)
		return log_name();
	if (strcmp(name, "TIMESTAMP") == 0) {
		localtime_r(&now.tv_sec, &tm);
		strftime(buffer, size, "%Y%m%dT%H%M%S", &tm);
		return buffer;
	}
	if (strcmp(name, "MICROS") == 0) {
		snprintf(buffer, size, "%06ld", (long)now.tv_usec);
		return buffer;
	}
	return getenv(name);
}

static const char *expand_one(const char *p, char *buffer, size_t size)
{
	char name[128], value[64];
	const char *text = NULL;
	size_t n = 0;

	if (*p == '$') {
		snprintf(buffer, size, "%d", (int)getpid());
		return p + 1;
	}
	while ((isalnum((unsigned char)p[n]) || p[n] == '_') && n + 1 < sizeof(name)) {
		name[n] = p[n];
		n++;
	}
	name[n] = '\0';
	if (n > 0)
		text = variable(name, value, sizeof(value));
	snprintf(buffer, size, "%s%s", n > 0 ? "" : "$", text != NULL ? text : "");
	return p + n;
}

int dump_open(const char *name, char option)
{
	char path[4096];
	size_t n = 0;
	int fd;

	for (const char *p = name; *p != '\0' && n + 1 < sizeof(path);) {
		if (*p == '$') {
			p = expand_one(p + 1, path + n, sizeof(path) - n);
			n += strlen(path + n);
		} else {
			path[n++] = *p++;
		}
	}
	path[n] = '\0';
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0664);
	if (fd < 0)
		log_error("option -%c \"%s\": %s", option, path, error_text(errno));
	return fd;
}
