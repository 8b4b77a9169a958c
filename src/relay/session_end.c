#include "relay/session_end.h"

/* This flow has failed. */
static enum close_reason why_failed(const struct session *s, const struct flow *flow, int error)
{
	const struct channel *channel = flow->source_broken ? flow->source : flow->sink;
	bool right_end = channel == s->to_right.sink;
	struct close_failure failure = {
		.upstream = right_end != s->settings->client_right,
		.writing = !flow->source_broken, .tls = channel->tls_levels > 0,
		.cut_off = flow->source_broken && channel->cut_off, .error = error,
	};

	return close_reason_of_failure(&failure);
}

/* This flow's source has nothing more to say. */
static enum close_reason why_ended(const struct session *s, const struct flow *flow)
{
	enum close_reason of_client = flow->source->limited ? CLOSE_CLIENT_LIMIT
	                            : flow->source->escaped ? CLOSE_CLIENT_ESCAPE
	                            : CLOSE_CLIENT_CLOSED;

	return of_client + (flow->left_to_right == s->settings->client_right);
}

void session_note_end(struct session *s)
{
	const struct flow *flow = &s->to_right;
	int error = flow_error_take();

	if (s->error == 0 && error != 0) {
		if (!flow->source_broken && !flow->sink_broken)
			flow = &s->to_left;
		s->error = (uint16_t)error;
		s->reason = (uint8_t)(flow->source_broken || flow->sink_broken ? why_failed(s, flow, error)
		                      : CLOSE_OUT_OF_MEMORY);
	} else if (s->reason == CLOSE_NONE && s->settings->to_right && flow->state != FLOW_OPEN) {
		s->reason = (uint8_t)why_ended(s, flow);
	} else if (s->reason == CLOSE_NONE && s->settings->to_left &&
	           s->to_left.state != FLOW_OPEN) {
		s->reason = (uint8_t)why_ended(s, &s->to_left);
	}
}

void session_conclude(struct session *s)
{
	size_t held = flow_held(&s->to_right) + flow_held(&s->to_left);
	struct record_sums sums = {
		.reason = s->reason, .error = s->error,
		.failed = s->to_right.failed || s->to_left.failed || held > 0,
		.lost = s->to_right.lost + s->to_left.lost + held,
		.bytes = { s->to_right.bytes, s->to_left.bytes },
		.blocks = { s->to_right.blocks, s->to_left.blocks },
		.client_right = s->settings->client_right,
	};

	record_over(s->record, &sums);
	s->record = NULL;
}

void session_introduce(struct session *s)
{
	bool client_right = s->settings->client_right;

	record_opened(s->record, RECORD_CLIENT, client_right ? s->to_right.sink : s->to_right.source);
	record_opened(s->record, RECORD_UPSTREAM, client_right ? s->to_right.source : s->to_right.sink);
}
