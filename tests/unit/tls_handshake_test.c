/* Handshakes of both roles with each other, over channels in memory that give and take little: until
 * they succeed, given up at any moment, and without memory for any one of their allocations. */
#include "tls/handshake.h"

#include "certificates.h"
#include "fake_loop.h"
#include "memory_pipe.h"
#include "short_memory.h"
#include "unit.h"

/* ---- two sides ------------------------------------------------------------------- */

struct side {
	struct tls_config *config;
	struct tls_handshake *handshake;
	struct channel *channel;         /* of a handshake that has succeeded */
	bool over, unheard;
	char problem[300];
};

static struct side server, client;

static void done(void *owner, const struct tls_outcome *outcome)
{
	struct side *side = owner;

	side->over = true;
	side->handshake = NULL;
	side->channel = outcome->channel;
	side->unheard = outcome->unheard;
	if (outcome->channel == NULL)
		snprintf(side->problem, sizeof side->problem, "%s", outcome->problem);
	free(outcome->names);
}

static void start(struct side *side, struct memory_end *end)
{
	struct tls_handshake_request request = {
		.config = side->config, .channel = &end->base, .timeout = 1, .done = done,
		.owner = side,
	};

	side->over = false;
	side->channel = NULL;
	side->problem[0] = '\0';
	side->handshake = tls_handshake_start(&request);
	if (side->handshake == NULL) {
		side->over = true;
		snprintf(side->problem, sizeof side->problem, "can't start");
		channel_free(&end->base);
	}
}

static void start_both(size_t server_piece, size_t client_piece)
{
	struct memory_end *ends[2];

	memory_pipe(ends);
	ends[0]->piece = server_piece;
	ends[1]->piece = client_piece;
	start(&server, ends[0]);
	start(&client, ends[1]);
}

/* Until nothing happens any more. Returns false if there is no end of it. */
static bool run(unsigned steps)
{
	while (steps-- > 0)
		if (!fake_loop_task())
			return true;
	return false;
}

static void nobody(void *owner)
{
	(void)owner;
}

static void finish_both(void)
{
	tls_handshake_cancel(server.handshake);
	tls_handshake_cancel(client.handshake);
	server.handshake = client.handshake = NULL;
	channel_free(server.channel);
	channel_free(client.channel);
	server.channel = client.channel = NULL;
	run(100000);
	unit_messages = 0;
}

static void check_data(struct channel *from, struct channel *to)
{
	char got[100];
	size_t length = 0, total = 0;

	channel_attach(from, nobody, NULL);
	channel_attach(to, nobody, NULL);
	while (channel_write(from, "some data", 9, &length) == IO_AGAIN)
		;
	CHECK_NUMBER(length, 9);
	for (int n = 0; n < 200 && total < 9; n++)
		if (channel_read(to, got + total, sizeof got - total, &length) == IO_OK)
			total += length;
	CHECK(total == 9 && memcmp(got, "some data", 9) == 0);
}

static struct tls_settings settings_of(bool is_server)
{
	struct tls_settings settings = {
		.where = "test", .server = is_server, .version_min = BR_TLS12,
		.version_max = BR_TLS12, .send_fragment = 16384,
		.certificate = is_server ? "p256.pem" : "client.pem",
		.key = is_server ? "p256.key" : "client.key", .verify = true,
		.cafile = "root.pem", .name = is_server ? NULL : "host.example",
		.sni = is_server ? NULL : "host.example",
	};

	tls_suites_default(&settings.suites);
	return settings;
}

/* With certificates of both sides, or the server's alone: then sessions are resumed. */
static void make_configs(bool both)
{
	struct tls_settings settings = settings_of(true);

	settings.verify = both;
	server.config = tls_config_new(&settings);
	settings = settings_of(false);
	if (!both)
		settings.certificate = settings.key = NULL;
	client.config = tls_config_new(&settings);
	if (server.config == NULL || client.config == NULL)
		exit(2);
}

static void free_configs(void)
{
	tls_material_release(server.config->material);
	tls_material_release(client.config->material);
	free(server.config);
	free(client.config);
}

/* ---- tests ------------------------------------------------------------------------ */

static void test_pieces(void)
{
	static const size_t pieces[] = { 0, 1, 2, 3, 5, 7, 64, 1000, 5000 };

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		for (size_t j = 0; j < sizeof pieces / sizeof *pieces; j++) {
			start_both(pieces[i], pieces[j]);
			CHECK(run(1000000));
			CHECK_TEXT(server.problem, "");
			CHECK_TEXT(client.problem, "");
			CHECK(server.channel != NULL && client.channel != NULL);
			if (server.channel != NULL && client.channel != NULL) {
				check_data(client.channel, server.channel);
				check_data(server.channel, client.channel);
			}
			finish_both();
		}
}

/* Given up by one side or both after any number of steps. */
static void test_cancelled(void)
{
	for (unsigned steps = 0; steps < 250; steps++) {
		start_both(50, 50);
		run(steps);
		if (steps % 3 != 0) {
			tls_handshake_cancel(server.handshake);
			server.handshake = NULL;
		}
		if (steps % 3 != 1) {
			tls_handshake_cancel(client.handshake);
			client.handshake = NULL;
		}
		CHECK(run(100000));
		finish_both();
	}
}

/* Its time is over after any number of steps. */
static void test_timed_out(void)
{
	for (unsigned steps = 0; steps < 200; steps++) {
		start_both(100, 100);
		run(steps);
		while (fake_loop_timer())
			CHECK(run(100000));
		CHECK(server.over && client.over);
		finish_both();
	}
}

/* One allocation fails, whichever it is: the handshake fails, and nothing stays. */
static void test_no_memory(void)
{
	unsigned failures = 0;

	for (long n = 0; n < 2000; n++) {
		refused = false;
		allocations_left = n;
		start_both(0, 0);
		CHECK(run(100000));
		while (fake_loop_timer())
			CHECK(run(100000));
		if (server.channel != NULL && client.channel != NULL) {
			allocations_left = -1;
			check_data(client.channel, server.channel);
		}
		CHECK(server.over && client.over);
		failures += server.channel == NULL || client.channel == NULL;
		allocations_left = -1;
		finish_both();
		if (!refused)
			break;
	}
	CHECK(failures > 5);
	CHECK(!refused);
}

/* Loading them anew fails in any allocation: what there was stays. */
static void test_no_memory_for_reload(void)
{
	long n = 0;

	do {
		const struct tls_material *before = server.config->material;
		int status;

		refused = false;
		allocations_left = n++;
		status = tls_config_reload(server.config);
		allocations_left = -1;
		if (refused && status < 0)
			CHECK(server.config->material == before);
		else
			CHECK_NUMBER(status, 0);
		unit_messages = 0;
	} while (refused && n < 5000);
	CHECK(!refused);
	start_both(0, 0);
	CHECK(run(100000));
	CHECK(server.channel != NULL);
	finish_both();
}

static bool resumed(void)
{
	unsigned char before[48];

	memcpy(before, client.config->material->last.master_secret, sizeof before);
	start_both(0, 0);
	CHECK(run(100000));
	CHECK(server.channel != NULL && client.channel != NULL);
	finish_both();
	return memcmp(before, client.config->material->last.master_secret, sizeof before) == 0;
}

/* Sessions are resumed, for an hour by clients and for a day by servers, but not with new files. */
static void test_resumption(void)
{
	CHECK(!resumed());
	CHECK(resumed());
	fake_loop_clock += 3599 * NANOSECONDS;
	CHECK(resumed());
	fake_loop_clock += 2 * NANOSECONDS;
	CHECK(!resumed());
	/* a client that keeps it for longer */
	client.config->material->last_until = INT64_MAX;
	fake_loop_clock += 20 * 3600 * NANOSECONDS;
	CHECK(resumed());
	fake_loop_clock += 4 * 3600 * NANOSECONDS;
	CHECK(!resumed());
	CHECK(resumed());
	CHECK_NUMBER(tls_config_reload(server.config), 0);
	CHECK(!resumed());
	CHECK(resumed());
	CHECK_NUMBER(tls_config_reload(client.config), 0);
	CHECK(!resumed());
}

/* Records without end that bring the handshake no further: they are not taken for long, nor many in
 * a row. */
static void test_bound(void)
{
	static const unsigned char warning[7] = { 21, 3, 3, 0, 2, 1, 90 };
	struct memory_end *ends[2];
	size_t sent = 0, length, most = 0;

	memory_pipe(ends);
	start(&server, ends[0]);
	while (!server.over && sent < 4u << 20) {
		while (ends[1]->peer != NULL && ends[0]->end < 100000 &&
		       memory_write(&ends[1]->base, warning, sizeof warning, &length) == IO_OK)
			sent += length;
		length = ends[0]->end - ends[0]->start;
		fake_loop_task();
		if (sent < 1000000 && length - (ends[0]->end - ends[0]->start) > most)
			most = length - (ends[0]->end - ends[0]->start);
		if (ends[1]->peer != NULL) {
			memmove(ends[0]->bytes, ends[0]->bytes + ends[0]->start,
			        ends[0]->end - ends[0]->start);
			ends[0]->end -= ends[0]->start;
			ends[0]->start = 0;
		}
		/* it is told why */
		if (ends[1]->ended && ends[1]->peer != NULL)
			memory_finish(&ends[1]->base);
	}
	CHECK(server.over);
	CHECK_TEXT(server.problem,
	           "the peer has sent more than 1024 KiB and not finished the handshake");
	CHECK(sent < 3u << 20);
	CHECK(most > 0 && most < 65536);
	channel_free(&ends[1]->base);
	finish_both();
}

int main(void)
{
	certificates_make(__FILE__);
	for (int both = 0; both < 2; both++) {
		make_configs(both);
		test_pieces();
		test_cancelled();
		test_timed_out();
		test_no_memory();
		test_no_memory_for_reload();
		free_configs();
	}
	make_configs(false);
	test_resumption();
	test_bound();
	free_configs();
	certificates_remove();
	return unit_done();
}
