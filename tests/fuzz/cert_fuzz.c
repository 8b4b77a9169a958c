/* Any bytes as a peer's certificates. The first byte says what is asked of them, and where the
 * first of two certificates ends (0: there is one). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tls/cert.h"
#include "tls/host.h"
#include "tls/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void send_certificate(const br_x509_class **class, const uint8_t *data, size_t size)
{
	(*class)->start_cert(class, (uint32_t)size);
	if (size > 0)
		(*class)->append(class, data, size);
	(*class)->end_cert(class);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_anchors none;
	static const char *const names[] = {NULL, "a.example", "127.0.0.1", "::1"};
	struct tls_policy policy = {.name = NULL};
	struct tls_verifier *verifier;
	const br_x509_class **class;
	size_t first;

	if (size < 1)
		return 0;
	policy.anchors = data[0] & 1 ? &none : NULL;
	policy.name = names[data[0] >> 1 & 3];
	policy.of_client = (data[0] & 8) != 0;
	first = (size - 1) * (data[0] >> 4) / 16;
	verifier = tls_verifier_new(&policy);
	must(verifier != NULL);
	class = tls_verifier_engine(verifier);
	(*class)->start_chain(class, NULL);
	if (first > 0)
		send_certificate(class, data + 1, first);
	send_certificate(class, data + 1 + first, size - 1 - first);
	must(((*class)->end_chain(class) != 0) == tls_verifier_failed(verifier));
	must(((*class)->get_pkey(class, NULL) == NULL) == tls_verifier_failed(verifier));
	must(!tls_verifier_failed(verifier) || *tls_verifier_reason(verifier) != '\0');
	free(tls_verifier_take_variables(verifier));
	tls_verifier_free(verifier);
	return 0;
}
