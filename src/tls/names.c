/* Versions of the protocol. */
#include "tls/names.h"

#include <stddef.h>

#include "sys/text.h"

/* As in the record layer: 0x0301 is TLS 1.0; SSL 2 had a protocol of its own. DTLS counts down. */
static const struct {
	unsigned version;
	const char *name;       /* OpenSSL's */
	const char *words;
} versions[] = {
	{0x0002, "SSLv2", "SSL2 SSLv2 SSL2.0"},
	{0x0300, "SSLv3", "SSL3 SSLv3 SSL3.0"},
	{0x0301, "TLSv1", "TLS1 TLS1.0 TLSv1 TLSv1.0"},
	{0x0302, "TLSv1.1", "TLS1.1 TLSv1.1"},
	{0x0303, "TLSv1.2", "TLS1.2 TLSv1.2"},
	{0x0304, "TLSv1.3", "TLS1.3 TLSv1.3"},
	{0xFEFF, "DTLSv1", "DTLS1 DTLS1.0 DTLSv1 DTLSv1.0"},
	{0xFEFD, "DTLSv1.2", "DTLS1.2 DTLSv1.2"},
};

unsigned tls_version_parse(const char *text)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (word_in_list(text, versions[i].words))
			return versions[i].version;
	return 0;
}

const char *tls_version_name(unsigned version)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].version == version)
			return versions[i].name;
	return "unknown version";
}
