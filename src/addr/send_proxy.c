#include "addr/send_proxy.h"

#include <errno.h>

#include "addr/dialogue.h"
#include "addr/proxy_header.h"
#include "addr/proxy_options.h"
#include "loop/loop.h"
#include "sys/error.h"
#include "sys/log.h"

struct header_sending {
	struct opening base;
	const struct spec *spec;
	struct open_request request;
	struct dialogue *dialogue;
	size_t length;
	unsigned char header[PROXY_HEADER_WRITTEN];
};

static int say(void *owner, struct dialogue *dialogue, const unsigned char *heard, size_t length)
{
	struct header_sending *s = owner;

	(void)heard;
	(void)length;
	dialogue_say(dialogue, s->header, s->length);
	return 0;
}

static void said(void *owner, struct channel *channel, const char *problem, bool unheard)
{
	struct header_sending *s = owner;
	struct open_request request = s->request;

	(void)unheard;
	if (channel == NULL)
		log_error("%s: PROXY header: %s", s->spec->text, problem);
	opening_over(&s->base);
	open_done(&request, channel);
}

static void cancel(struct opening *opening)
{
	dialogue_cancel(((struct header_sending *)opening)->dialogue);
	opening_over(opening);
}

struct opening *send_proxy(const struct spec *spec, struct channel *channel,
                           const struct open_request *request)
{
	struct dialogue_request dialogue = {
		.channel = channel, .peer = "the peer", .step = say, .done = said,
		.timeout = spec_number(spec, "handshake-timeout", PROXY_HEADER_TIMEOUT),
	};
	struct header_sending *s;

	if (channel->writes_packets) {
		log_error("%s: a PROXY header needs a stream, and this is a socket for packets",
		          spec->text);
		channel_free(channel);
		open_done(request, NULL);
		return NULL;
	}
	s = opening_new(spec, request, sizeof(*s), cancel);
	if (s == NULL) {
		channel_free(channel);
		return NULL;
	}
	s->spec = spec;
	s->request = *request;
	s->length = proxy_header_write(s->header, spec_send_proxy(spec), request->client);
	dialogue.owner = s;
	s->dialogue = dialogue_start(&dialogue);
	if (s->dialogue != NULL)
		return &s->base;
	log_error("%s: %s", spec->text, error_text(errno));
	channel_free(channel);
	opening_over(&s->base);
	open_done(request, NULL);
	return NULL;
}
