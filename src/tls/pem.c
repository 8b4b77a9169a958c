/* PEM: see pem.h. */
#include "tls/pem.h"

#include <stdlib.h>
#include <string.h>

#include "loop/input.h"

/* A cursor over the lines of a text. */
struct lines {
	const unsigned char *at, *end;
	unsigned number;
};

/* One line without its end and the blanks before that. */
struct line {
	const char *text;
	size_t size;
};

static bool next_line(struct lines *lines, struct line *line)
{
	const unsigned char *start = lines->at, *end;

	if (start >= lines->end)
		return false;
	end = memchr(start, '\n', (size_t)(lines->end - start));
	lines->at = end == NULL ? lines->end : end + 1;
	if (end == NULL)
		end = lines->end;
	while (end > start && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t'))
		end--;
	line->text = (const char *)start;
	line->size = (size_t)(end - start);
	lines->number++;
	return true;
}

/* True if the line is "-----BEGIN LABEL-----" or, with what "END", its end. A byte order mark may be
 * before the first one. */
static bool is_border(struct line line, const char *what, char *label, size_t size)
{
	size_t dashes = 5, start = dashes + strlen(what) + 1;

	if (line.size > 3 && memcmp(line.text, "\xef\xbb\xbf", 3) == 0) {
		line.text += 3;
		line.size -= 3;
	}
	if (line.size < start + dashes || line.size - start - dashes >= size ||
	    memcmp(line.text, "-----", dashes) != 0 ||
	    memcmp(line.text + dashes, what, strlen(what)) != 0 || line.text[start - 1] != ' ' ||
	    memcmp(line.text + line.size - dashes, "-----", dashes) != 0)
		return false;
	memcpy(label, line.text + start, line.size - start - dashes);
	label[line.size - start - dashes] = '\0';
	return strlen(label) == line.size - start - dashes;
}

/* Base64 (RFC 4648, 4) as it comes, in lines. */
struct base64 {
	unsigned char *data;
	size_t size, capacity;
	unsigned bits, count, padding;
};

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool base64_add(struct base64 *base64, struct line line)
{
	for (size_t i = 0; i < line.size; i++) {
		int digit = base64_digit(line.text[i]);

		if (line.text[i] == ' ' || line.text[i] == '\t')
			continue;
		if (line.text[i] == '=' && base64->count % 4 >= 2 && base64->padding < 2) {
			base64->padding++;
			base64->count++;
			continue;
		}
		if (digit < 0 || base64->padding > 0 || base64->size == base64->capacity)
			return false;
		base64->bits = (base64->bits << 6 | (unsigned)digit) & 0xffffffU;
		base64->count++;
		if (base64->count % 4 != 1)
			base64->data[base64->size++] = (unsigned char)(
				base64->bits >> (base64->count % 4 == 2 ? 4 :
				                 base64->count % 4 == 3 ? 2 : 0));
	}
	return true;
}

/* Read what is between the borders, headers (RFC 1421, 4.6) included. The item has memory for as
 * much as there can be if it is what it should be. */
static void read_body(struct lines *lines, struct tls_pem_item *item)
{
	struct base64 base64 = {.data = item->data, .capacity = item->size};
	bool header = false, first = true;
	char label[sizeof item->label];
	struct lines before;
	struct line line;

	while (before = *lines, next_line(lines, &line)) {
		if (is_border(line, "END", label, sizeof label)) {
			if (strcmp(label, item->label) != 0)
				item->damage = "its END line has another name";
			else if (base64.count % 4 != 0 || base64.size == 0)
				item->damage = "it is cut off";
			item->size = base64.size;
			return;
		}
		if (is_border(line, "BEGIN", label, sizeof label)) {
			*lines = before;
			break;
		}
		if (line.size == 0) {
			header = false;
			continue;
		}
		if (memchr(line.text, ':', line.size) != NULL && (first || header)) {
			header = true;
			if (line.size > 10 && memcmp(line.text, "Proc-Type:", 10) == 0 &&
			    memmem(line.text, line.size, "ENCRYPTED", 9) != NULL)
				item->encrypted = true;
		} else if (!header && !base64_add(&base64, line) && item->damage == NULL) {
			item->damage = "it is not Base64";
		}
		first = false;
	}
	item->damage = "its END line is missing";
	item->size = base64.size;
}

static void drop(struct tls_pem_item *item)
{
	input_free(item->data, item->size);
	item->data = NULL;
	item->size = 0;
}

static struct tls_pem_item *add_item(struct tls_pem *pem, size_t capacity)
{
	struct tls_pem_item *list = realloc(pem->list, (pem->count + 1) * sizeof *list), *item;

	if (list == NULL)
		return NULL;
	pem->list = list;
	item = &list[pem->count];
	memset(item, 0, sizeof *item);
	item->data = malloc(capacity);
	item->size = capacity;
	if (item->data == NULL)
		return NULL;
	pem->count++;
	return item;
}

/* How many bytes there can be up to the next border. */
static size_t body_bound(const struct lines *lines)
{
	size_t left = (size_t)(lines->end - lines->at);
	const unsigned char *end = left == 0 ? NULL : memmem(lines->at, left, "-----", 5);

	return (end == NULL ? left : (size_t)(end - lines->at)) / 4 * 3 + 3;
}

int tls_pem_parse(struct tls_pem *pem, const unsigned char *data, size_t size)
{
	struct lines lines = {.at = data, .end = data + size};
	struct tls_pem_item *item;
	struct line line;
	char label[sizeof item->label];

	*pem = (struct tls_pem){0};
	while (next_line(&lines, &line)) {
		if (!is_border(line, "BEGIN", label, sizeof label))
			continue;
		item = add_item(pem, body_bound(&lines));
		if (item == NULL)
			goto failed;
		memcpy(item->label, label, sizeof label);
		item->line = lines.number;
		read_body(&lines, item);
		if (item->damage != NULL)
			drop(item);
	}
	if (pem->count == 0 && size > 0 && data[0] == 0x30) {
		item = add_item(pem, size);
		if (item == NULL)
			goto failed;
		item->line = 1;
		memcpy(item->data, data, size);
	}
	return 0;
failed:
	tls_pem_free(pem);
	return -1;
}

void tls_pem_free(struct tls_pem *pem)
{
	for (size_t i = 0; i < pem->count; i++)
		drop(&pem->list[i]);
	free(pem->list);
	*pem = (struct tls_pem){0};
}
