/* Files of networks: see range_file.h. */
#include "addr/range_file.h"

#include <errno.h>
#include <string.h>

#include "addr/range.h"
#include "loop/input.h"
#include "sys/log.h"
#include "sys/text.h"

enum {
	FILE_MOST = 64 * 1024 * 1024,
	LINE_MOST = 1024,            /* without comment; ranges of bytes can be long */
	SHOWN = 80
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* What is left of a line without its comment and what is blank around it. */
static size_t trim(const char **line, size_t length)
{
	const char *comment = memchr(*line, '#', length);

	if (comment != NULL)
		length = (size_t)(comment - *line);
	while (length > 0 && is_blank((*line)[length - 1]))
		length--;
	for (; length > 0 && is_blank(**line); length--)
		++*line;
	return length;
}

/* Returns NULL, or why the entry can't be used. */
static const char *add_entry(struct network_table *table, const char *text, bool bytes)
{
	unsigned flags = NETWORK_FROM_FILE;
	struct range range;
	const char *why;

	if (*text == '!') {
		flags |= NETWORK_DENIES;
		text += 1 + strspn(text + 1, " \t");
	}
	why = bytes ? range_parse_bytes(&range, text) : range_parse_listed(&range, text);
	return why != NULL ? why : network_table_add(table, &range, flags);
}

/* One line without its end. entry: room for what is of it, for messages. */
static const char *add_line(struct network_table *table, const char *line, size_t length,
                            bool bytes, char entry[LINE_MOST])
{
	*entry = '\0';
	if (memchr(line, '\0', length) != NULL)
		return "has a NUL in it: this is no text file";
	length = trim(&line, length);
	if (length == 0)
		return NULL;
	if (length >= LINE_MOST)
		return "is too long: a line has one network";
	memcpy(entry, line, length);
	entry[length] = '\0';
	return add_entry(table, entry, bytes);
}

int range_file_parse(struct network_table *table, const char *text, size_t size, bool bytes,
                     const char *path, const char *where)
{
	const char *end = text + size, *next;
	char entry[LINE_MOST], shown[SHOWN];

	for (size_t number = 1; text < end; number++, text = next) {
		const char *newline = memchr(text, '\n', (size_t)(end - text)), *why;

		next = newline != NULL ? newline + 1 : end;
		why = add_line(table, text, (size_t)((newline != NULL ? newline : end) - text), bytes,
		               entry);
		if (why == NULL)
			continue;
		text_printable(entry, shown, sizeof(shown));
		if (*entry == '\0')
			log_error("%s: %s:%zu: the line %s", where, path, number, why);
		else
			log_error("%s: %s:%zu: \"%s\" %s", where, path, number, shown, why);
		return -1;
	}
	return 0;
}

int range_file_read(struct network_table *table, const char *path, bool bytes, const char *where)
{
	unsigned char *text;
	char why[256];
	size_t size;
	int result;

	if (input_can_wait(path)) {
		log_error("%s: option \"range-file\": %s is not a regular file, so it could not be read "
		          "again", where, path);
		return -1;
	}
	text = input_read(path, FILE_MOST, &size);
	if (text == NULL) {
		log_error("%s: option \"range-file\": %s: %s", where, path,
		          input_why(path, errno, why, sizeof(why)));
		return -1;
	}
	result = range_file_parse(table, (const char *)text, size, bytes, path, where);
	input_free(text, size);
	return result;
}
