/* Elliptic curves: see ec.h. */
#include "tls/ec.h"

const br_ec_impl *tls_ec(void)
{
	return br_ec_get_default();
}
