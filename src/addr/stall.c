/* STALL: gives no data and no end, and takes nothing. For trying out what a peer does then. */
#include <errno.h>
#include <stdlib.h>

#include "addr/open.h"
#include "addr/types.h"
#include "sys/error.h"
#include "sys/log.h"

static enum io_status stall_read(struct channel *channel, void *data, size_t size, size_t *length)
{
	(void)channel, (void)data, (void)size, (void)length;
	return IO_AGAIN;
}

static enum io_status stall_write(struct channel *channel, const void *data, size_t size,
                                  size_t *length)
{
	(void)channel, (void)data, (void)size, (void)length;
	return IO_AGAIN;
}

static enum io_status stall_finish(struct channel *channel)
{
	(void)channel;
	return IO_OK;
}

static int stall_attach(struct channel *channel)
{
	(void)channel;
	return 0;
}

static void stall_detach(struct channel *channel)
{
	(void)channel;
}

static unsigned stall_ready(const struct channel *channel)
{
	(void)channel;
	return 0;
}

static int stall_splice(struct channel *channel, bool output)
{
	(void)channel, (void)output;
	return -1;
}

static void stall_not_ready(struct channel *channel, unsigned side)
{
	(void)channel, (void)side;
}

static void stall_close(struct channel *channel, bool abandon)
{
	(void)channel, (void)abandon;
}

static struct channel *stall_dup(const struct channel *channel);

static const struct chan_ops stall_ops = {
	.kind = "stall", .read = stall_read, .write = stall_write, .finish = stall_finish,
	.attach = stall_attach, .detach = stall_detach, .ready = stall_ready,
	.splice_fd = stall_splice, .not_ready = stall_not_ready, .dup = stall_dup,
	.close = stall_close,
};

static struct channel *new_channel(void)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel != NULL)
		channel_init(channel, &stall_ops, -1, -1);
	return channel;
}

static struct channel *stall_dup(const struct channel *channel)
{
	(void)channel;
	return new_channel();
}

static struct opening *open_stall(const struct spec *spec, const struct open_request *request)
{
	struct channel *channel = new_channel();

	if (channel == NULL)
		log_error("%s: %s", spec->text, error_text(errno));
	else
		log_notice("%s", request->direction == ADDR_READ ? "reading from stall"
		           : request->direction == ADDR_WRITE ? "writing to nothing"
		           : "reading from stall, writing to nothing");
	open_done(request, channel);
	return NULL;
}

const struct addr_type addr_type_stall = {
	.name = "STALL", .syntax = "", .feature = "WITH_STALL", .groups = 0,
	.directions = ADDR_BOTH, .open = open_stall,
};
