/* Names as text: see subject.h. */
#include "tls/subject.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/characters.h"

/* Attributes by their object identifiers (X.520, RFC 4519, PKCS #9, CA/Browser Forum), with the
 * names that OpenSSL has for them: scripts know them by those. */
static const struct attribute {
	const char *brief, *name, *oid;
} attributes[] = {
	{"CN", "commonName", "\x55\x04\x03"},
	{"SN", "surname", "\x55\x04\x04"},
	{"serialNumber", "serialNumber", "\x55\x04\x05"},
	{"C", "countryName", "\x55\x04\x06"},
	{"L", "localityName", "\x55\x04\x07"},
	{"ST", "stateOrProvinceName", "\x55\x04\x08"},
	{"street", "streetAddress", "\x55\x04\x09"},
	{"O", "organizationName", "\x55\x04\x0a"},
	{"OU", "organizationalUnitName", "\x55\x04\x0b"},
	{"title", "title", "\x55\x04\x0c"},
	{"description", "description", "\x55\x04\x0d"},
	{"businessCategory", "businessCategory", "\x55\x04\x0f"},
	{"postalAddress", "postalAddress", "\x55\x04\x10"},
	{"postalCode", "postalCode", "\x55\x04\x11"},
	{"postOfficeBox", "postOfficeBox", "\x55\x04\x12"},
	{"telephoneNumber", "telephoneNumber", "\x55\x04\x14"},
	{"name", "name", "\x55\x04\x29"},
	{"GN", "givenName", "\x55\x04\x2a"},
	{"initials", "initials", "\x55\x04\x2b"},
	{"generationQualifier", "generationQualifier", "\x55\x04\x2c"},
	{"x500UniqueIdentifier", "x500UniqueIdentifier", "\x55\x04\x2d"},
	{"dnQualifier", "dnQualifier", "\x55\x04\x2e"},
	{"houseIdentifier", "houseIdentifier", "\x55\x04\x33"},
	{"pseudonym", "pseudonym", "\x55\x04\x41"},
	{"role", "role", "\x55\x04\x48"},
	{"organizationIdentifier", "organizationIdentifier", "\x55\x04\x61"},
	{"emailAddress", "emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"},
	{"unstructuredName", "unstructuredName", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"},
	{"unstructuredAddress", "unstructuredAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08"},
	{"DC", "domainComponent", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"},
	{"UID", "userId", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"},
	{"mail", "rfc822Mailbox", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x03"},
	{"jurisdictionL", "jurisdictionLocalityName",
	 "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01"},
	{"jurisdictionST", "jurisdictionStateOrProvinceName",
	 "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02"},
	{"jurisdictionC", "jurisdictionCountryName",
	 "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"},
	{NULL, "undefined", ""},   /* the last: any other */
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

static size_t find_attribute(struct der oid)
{
	size_t i = 0;

	while (i < ATTRIBUTES - 1 && (strlen(attributes[i].oid) != oid.size ||
	                              memcmp(attributes[i].oid, oid.at, oid.size) != 0))
		i++;
	return i;
}

/* An attribute of a name, and the value as it is encoded. */
struct entry {
	size_t attribute;
	struct der oid, value, whole;
	unsigned tag;
	bool joined;    /* belongs to the same RDN as the one before */
};

/* A cursor over a name's attributes. */
struct entries {
	struct der rdns, set;
	bool inside;
};

static bool next_entry(struct entries *entries, struct entry *entry)
{
	struct der pair;

	entry->joined = entries->inside;
	while (entries->set.size == 0) {
		entry->joined = false;
		if (!der_take(&entries->rdns, DER_SET, &entries->set))
			return false;
	}
	if (!der_take(&entries->set, DER_SEQUENCE, &pair) ||
	    !der_take(&pair, DER_OID, &entry->oid) ||
	    !der_next(&pair, &entry->tag, &entry->value, &entry->whole))
		return false;
	entries->inside = true;
	entry->attribute = find_attribute(entry->oid);
	return true;
}

/* True if the value has to stand in quotes (RFC 2253, 2.4). */
static bool wants_quotes(unsigned tag, struct der string)
{
	uint32_t character, last = 0;
	bool first = true;

	while (characters_next(tag, &string, &character)) {
		if (character < 0x80 && character != 0 && strchr(",+<>;", (int)character) != NULL)
			return true;
		if (first && (character == '#' || character == ' '))
			return true;
		first = false;
		last = character;
	}
	return last == ' ';
}

static void put_character(FILE *out, uint32_t character)
{
	char utf8[4];
	unsigned length = character_utf8(character, utf8);

	fwrite(utf8, 1, length, out);
}

static void print_value(FILE *out, const struct entry *entry)
{
	struct der string = entry->value;
	const char *quote;
	uint32_t character;

	if (!characters_known(entry->tag)) {
		fputc('#', out);
		for (size_t i = 0; i < entry->whole.size; i++)
			fprintf(out, "%02X", entry->whole.at[i]);
		return;
	}
	quote = wants_quotes(entry->tag, string) ? "\"" : "";
	fputs(quote, out);
	while (characters_next(entry->tag, &string, &character)) {
		if (character_is_control(character)) {
			fprintf(out, "\\%02X", (unsigned)character);
			continue;
		}
		if (character == '"' || character == '\\')
			fputc('\\', out);
		put_character(out, character);
	}
	fputs(quote, out);
}

static void print_name(FILE *out, struct der name)
{
	struct entries entries = {0};
	struct entry entry;
	const char *separator = "";
	char oid[128];

	if (!der_take(&name, DER_SEQUENCE, &entries.rdns))
		return;
	while (next_entry(&entries, &entry)) {
		fputs(entry.joined ? " + " : separator, out);
		separator = ", ";
		if (attributes[entry.attribute].brief != NULL)
			fputs(attributes[entry.attribute].brief, out);
		else
			fputs(der_oid(entry.oid, oid, sizeof oid) ? oid : "?", out);
		fputs(" = ", out);
		print_value(out, &entry);
	}
}

/* The name as a string for free(3); NULL without memory. */
static char *name_text(struct der name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	print_name(out, name);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *tls_subject_line(struct der name, char *text, size_t size)
{
	char *whole = name_text(name);
	size_t end;

	snprintf(text, size, "%s", whole != NULL ? whole : "");
	if (whole != NULL && strlen(whole) >= size) {
		/* not in the middle of a character */
		end = size - 4;
		while (end > 0 && (text[end] & 0xc0) == 0x80)
			end--;
		memcpy(text + end, "...", 4);
	}
	free(whole);
	return text;
}

static void print_plain(FILE *out, unsigned tag, struct der string)
{
	uint32_t character;

	while (characters_next(tag, &string, &character))
		if (character_is_control(character))
			fputc('?', out);
		else
			put_character(out, character);
}

/* All values of one kind of attribute; returns how many. */
static unsigned print_attribute(FILE *out, struct der name, size_t attribute)
{
	struct entries entries = {0};
	struct entry entry;
	unsigned count = 0;

	if (!der_take(&name, DER_SEQUENCE, &entries.rdns))
		return 0;
	while (next_entry(&entries, &entry)) {
		if (entry.attribute != attribute || !characters_known(entry.tag))
			continue;
		fputs(count++ > 0 ? " // " : "", out);
		print_plain(out, entry.tag, entry.value);
	}
	return count;
}

/* All alternative names with a tag (RFC 5280, 4.2.1.6): 2 dNSName, 7 iPAddress. */
static unsigned print_alternatives(FILE *out, struct der names, size_t tag)
{
	char text[INET6_ADDRSTRLEN];
	unsigned found, count = 0;
	struct der value;

	while (der_next(&names, &found, &value, NULL)) {
		if (found != DER_CONTEXT(tag) || (tag == 7 && value.size != 4 && value.size != 16))
			continue;
		fputs(count++ > 0 ? " // " : "", out);
		if (tag == 2)
			print_plain(out, DER_IA5, value);
		else
			fputs(inet_ntop(value.size == 4 ? AF_INET : AF_INET6, value.at, text,
			                sizeof text), out);
	}
	return count;
}

/* Add a variable with what print() finds; none if it finds nothing. Returns false without memory. */
static bool add_variable(struct variables **variables, const char *name, struct der from,
                         size_t which, unsigned (*print)(FILE *, struct der, size_t))
{
	struct variables *longer;
	char *value = NULL;
	unsigned count;
	size_t size;
	FILE *out = open_memstream(&value, &size);

	if (out == NULL)
		return false;
	count = print(out, from, which);
	if (fclose(out) != 0) {
		free(value);
		return false;
	}
	if (count > 0) {
		longer = variables_add(*variables, name, value);
		free(value);
		if (longer == NULL)
			return false;
		*variables = longer;
		return true;
	}
	free(value);
	return true;
}

static unsigned print_line(FILE *out, struct der name, size_t unused)
{
	(void)unused;
	print_name(out, name);
	return 1;
}

static bool add_attribute(struct variables **variables, struct der subject, size_t attribute)
{
	char name[64] = "OPENSSL_X509_";
	size_t length = strlen(name);

	for (const char *c = attributes[attribute].name; *c != '\0'; c++)
		name[length++] = (char)toupper((unsigned char)*c);
	name[length] = '\0';
	return add_variable(variables, name, subject, attribute, print_attribute);
}

struct variables *tls_subject_variables(const struct tls_cert *cert)
{
	struct variables *variables = NULL;
	bool good;

	good = add_variable(&variables, "OPENSSL_X509_ISSUER", cert->issuer, 0, print_line) &&
	       add_variable(&variables, "OPENSSL_X509_SUBJECT", cert->subject, 0, print_line);
	for (size_t i = 0; good && i < ATTRIBUTES; i++)
		good = add_attribute(&variables, cert->subject, i);
	good = good &&
	       add_variable(&variables, "OPENSSL_X509V3_SUBJECTALTNAME_DNS", cert->names, 2,
	                    print_alternatives) &&
	       add_variable(&variables, "OPENSSL_X509V3_SUBJECTALTNAME_IPADD", cert->names, 7,
	                    print_alternatives);
	if (!good) {
		free(variables);
		return NULL;
	}
	return variables;
}
