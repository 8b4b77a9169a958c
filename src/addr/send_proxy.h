/* Sending a header of the PROXY protocol: options send-proxy and send-proxy-v2. */
#ifndef ADDR_SEND_PROXY_H
#define ADDR_SEND_PROXY_H

#include "addr/open.h"

/* Write the header that the spec asks for over its new channel, which belongs to the opening from
 * now on, for the client of the request (or none). The end is told to the request; not before this
 * has returned, if it returns an opening. NULL: it has failed, which was logged and told. */
struct opening *send_proxy(const struct spec *spec, struct channel *channel,
                           const struct open_request *request);

#endif
