/* Any bytes as a file of certificates and keys: PEM, DER, anchors, private keys. */
#include <bearssl.h>
#include <stdint.h>
#include <stdlib.h>

#include "tls/anchors.h"
#include "tls/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_anchors *anchors = calloc(1, sizeof *anchors);
	br_skey_decoder_context decoder;
	struct tls_pem pem;

	if (anchors == NULL || tls_pem_parse(&pem, data, size) < 0)
		abort();
	for (size_t i = 0; i < pem.count; i++) {
		if (pem.list[i].damage != NULL)
			continue;
		br_skey_decoder_init(&decoder);
		br_skey_decoder_push(&decoder, pem.list[i].data, pem.list[i].size);
	}
	tls_pem_free(&pem);
	tls_anchors_add(anchors, data, size, "fuzz", "test");
	tls_anchors_free(anchors);
	return 0;
}
