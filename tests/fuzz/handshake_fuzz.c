/* Handshakes with a peer that says anything: as a server and as a client, in pieces of any size. With
 * a bit set, the bytes are changes to what a real peer says. */
#include <assert.h>

#include "fake_loop.h"
#include "memory_pipe.h"
#include "tls/handshake.h"

enum { STEPS = 200000 };

/* A certificate that has signed itself, and its key. */
static const char *certificate_file(void)
{
	return getenv("FUZZ_CERTIFICATE");
}

static struct tls_config *config_of(bool server, bool verify)
{
	struct tls_settings settings = {
		.where = "fuzz", .server = server, .certificate = server ? certificate_file() : NULL,
		.version_min = BR_TLS10, .version_max = BR_TLS12, .send_fragment = 16384,
		.verify = verify, .cafile = certificate_file(),
	};
	struct tls_config *config;

	tls_suites_default(&settings.suites);
	config = tls_config_new(&settings);
	assert(config != NULL);
	return config;
}

struct side {
	struct tls_handshake *handshake;
	struct channel *channel;
	bool over;
};

static void done(void *owner, const struct tls_outcome *outcome)
{
	struct side *side = owner;

	assert(!side->over);
	side->over = true;
	side->handshake = NULL;
	side->channel = outcome->channel;
	assert(outcome->channel != NULL || outcome->problem[0] != '\0');
	free(outcome->names);
}

static void start(struct side *side, struct tls_config *config, struct memory_end *end)
{
	struct tls_handshake_request request = {
		.config = config, .channel = &end->base, .timeout = 1, .done = done, .owner = side,
	};

	*side = (struct side){ .handshake = tls_handshake_start(&request) };
	assert(side->handshake != NULL);
}

static void run(void)
{
	unsigned steps = 0;

	while (fake_loop_task())
		assert(++steps < STEPS);
}

static void run_all(void)
{
	do
		run();
	while (fake_loop_timer());
}

static void finish(struct side *side)
{
	assert(side->over);
	channel_free(side->channel);
}

/* The bytes are all that it hears. */
static void alone(struct tls_config *config, size_t piece, const uint8_t *data, size_t size)
{
	struct memory_end *ends[2];
	struct side side;
	size_t length;

	memory_pipe(ends);
	start(&side, config, ends[0]);
	while (size > 0 && !side.over) {
		size_t n = size < piece ? size : piece;

		if (memory_write(&ends[1]->base, data, n, &length) != IO_OK)
			break;
		data += n;
		size -= n;
		run();
	}
	memory_finish(&ends[1]->base);
	run_all();
	finish(&side);
	channel_free(&ends[1]->base);
}

/* Two sides; pairs of bytes say how far from the last change what byte is changed in what is under
 * way. */
static void between(struct tls_config *server, struct tls_config *client, const uint8_t *data,
                    size_t size)
{
	struct memory_end *ends[2];
	struct side sides[2];
	size_t seen[2] = { 0, 0 };

	memory_pipe(ends);
	start(&sides[0], server, ends[0]);
	start(&sides[1], client, ends[1]);
	while (fake_loop_task())
		for (unsigned i = 0; i < 2; i++) {
			struct memory_end *end = ends[i];

			if (sides[0].over || sides[1].over)
				break;
			/* what has come since the last look */
			while (size >= 2 && seen[i] + data[0] < end->end) {
				seen[i] += data[0] + 1u;
				end->bytes[seen[i] - 1] ^= data[1];
				data += 2;
				size -= 2;
			}
			if (end->end < seen[i])
				seen[i] = end->end;
		}
	run_all();
	finish(&sides[0]);
	finish(&sides[1]);
	run_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls_config *servers[2], *client;

	if (client == NULL) {
		servers[0] = config_of(true, false);
		servers[1] = config_of(true, true);
		client = config_of(false, true);
	}
	if (size < 2)
		return 0;
	if (data[0] & 4)
		between(servers[data[0] & 1], client, data + 2, size - 2);
	else
		alone(data[0] & 2 ? client : servers[data[0] & 1], data[1] + 1u, data + 2, size - 2);
	return 0;
}
