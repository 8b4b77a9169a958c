/*
 * TLS: clients and a back end that speak it, with OpenSSL.
 *
 * The protocol inside is that of load.c. Every connection has a thread with
 * blocking calls: there are a few of them only, and the one measure with many
 * connections holds them without doing anything. What is agreed on is the
 * cipher suite alone: its name fixes the version (those of TLS 1.3 begin with
 * "TLS_"), and this side refuses anything else, so that no relay needs to be
 * told. The group for key exchange is P-256, which all relays have.
 *
 * Certificates are not verified: this is about the relay's work.
 */
#define _GNU_SOURCE
#include "load.h"
#include "load_tls.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RECORD = 16 * 1024,	/* bytes of data in a record at most */
	READ_AHEAD = 64 * 1024	/* bytes taken from the kernel at a time */
};

/* ---- basics ----------------------------------------------------------- */

/* Log what failed and what OpenSSL or, if it is silent, the kernel has to say
 * of it; returns -1. */
static int fail_tls(const char *what)
{
	unsigned long code = ERR_get_error();

	if (code == 0)
		return fail(what);
	fprintf(stderr, "load: %s: %s\n", what, ERR_reason_error_string(code));
	ERR_clear_error();
	return -1;
}

SSL_CTX *new_context(const SSL_METHOD *method, const char *suite)
{
	bool newest = strncmp(suite, "TLS_", 4) == 0;
	int version = newest ? TLS1_3_VERSION : TLS1_2_VERSION;
	SSL_CTX *context = SSL_CTX_new(method);

	if (context == NULL || SSL_CTX_set_min_proto_version(context, version) != 1 ||
	    SSL_CTX_set_max_proto_version(context, version) != 1 ||
	    SSL_CTX_set1_groups_list(context, "P-256") != 1 ||
	    (newest ? SSL_CTX_set_ciphersuites(context, suite) :
		SSL_CTX_set_cipher_list(context, suite)) != 1) {
		fail_tls(suite);
		return NULL;
	}
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	return context;
}

/* Messages go out when they are written, even if a part of the handshake is
 * still unacknowledged. Returns NULL after logging. */
static SSL *new_tls(SSL_CTX *context, int fd)
{
	const int on = 1;
	SSL *tls = SSL_new(context);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (tls != NULL && SSL_set_fd(tls, fd) == 1)
		return tls;
	fail_tls("new connection");
	SSL_free(tls);
	return NULL;
}

static int write_all(SSL *tls, const unsigned char *data, int length)
{
	return SSL_write(tls, data, length) == length ? 0 : fail_tls("TLS write");
}

static int read_all(SSL *tls, unsigned char *data, int length)
{
	for (int have = 0; have < length;) {
		int n = SSL_read(tls, data + have, length - have);

		if (n <= 0)
			return fail_tls("TLS read");
		have += n;
	}
	return 0;
}

/* Write so many bytes of anything, in full records. */
static int write_much(SSL *tls, uint64_t left)
{
	static const unsigned char record[RECORD];

	for (; left > RECORD; left -= RECORD)
		if (write_all(tls, record, RECORD) == -1)
			return -1;
	return left == 0 ? 0 : write_all(tls, record, (int)left);
}

static int read_much(SSL *tls, uint64_t left)
{
	unsigned char record[RECORD];

	while (left > 0) {
		int n = SSL_read(tls, record, left < RECORD ? (int)left : RECORD);

		if (n <= 0)
			return fail_tls("TLS read");
		left -= (uint64_t)n;
	}
	return 0;
}

void hang_up(SSL *tls)
{
	int fd = SSL_get_fd(tls);

	SSL_shutdown(tls);
	ERR_clear_error();
	SSL_free(tls);
	close(fd);
}

SSL *tls_connect(SSL_CTX *context, int fd, SSL_SESSION *session)
{
	SSL *tls = fd == -1 ? NULL : new_tls(context, fd);

	if (tls == NULL)
		return NULL;
	if (session != NULL)
		SSL_set_session(tls, session);
	if (SSL_connect(tls) == 1)
		return tls;
	fail_tls("handshake");
	SSL_free(tls);
	close(fd);
	return NULL;
}

int tls_exchange(SSL *tls)
{
	unsigned char out[MESSAGE], in[MESSAGE];

	write_hello(out, 'E', 0);
	if (write_all(tls, out, MESSAGE) == -1 || read_all(tls, in, MESSAGE) == -1)
		return -1;
	if (memcmp(in, out, MESSAGE) == 0)
		return 0;
	fprintf(stderr, "load: echo was changed on its way\n");
	return -1;
}

/* ---- tls-serve: the back end ------------------------------------------ */

/* Serve what the hello asks for. Who breaks off has his reasons. */
static void serve_guest(SSL *tls)
{
	unsigned char hello[MESSAGE];
	uint64_t length;

	if (SSL_accept(tls) != 1 || read_all(tls, hello, MESSAGE) == -1)
		return;
	memcpy(&length, hello + 8, sizeof length);
	switch (hello[0]) {
	case 'U':
		if (read_much(tls, length) == 0)
			write_all(tls, hello, MESSAGE);
		break;
	case 'D':
		write_much(tls, length);
		break;
	default:
		while (write_all(tls, hello, MESSAGE) == 0 &&
		       SSL_read(tls, hello, MESSAGE) == MESSAGE)
			;
	}
}

static void *serve_thread(void *argument)
{
	SSL *tls = argument;

	serve_guest(tls);
	hang_up(tls);
	return NULL;
}

static int serve_connection(SSL_CTX *context, int fd)
{
	SSL *tls = new_tls(context, fd);
	pthread_t thread;

	if (tls == NULL)
		return -1;
	errno = pthread_create(&thread, NULL, serve_thread, tls);
	if (errno != 0)
		return fail("pthread_create");
	pthread_detach(thread);
	return 0;
}

int run_tls_serve(char **argv)
{
	SSL_CTX *context = new_context(TLS_server_method(), argv[2]);
	struct endpoint at;
	int listener = parse_endpoint(argv, &at) == -1 ? -1 : open_listener(&at);
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	if (context == NULL || listener == -1)
		return -1;
	if (SSL_CTX_use_certificate_chain_file(context, argv[3]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1)
		return fail_tls(argv[3]);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd == -1)
			poll(&ready, 1, -1);
		else if (serve_connection(context, fd) == -1)
			return -1;
	}
}

/* ---- tls-wait: until the back end answers through the relay ------------ */

int run_tls_wait(char **argv)
{
	SSL_CTX *context = new_context(TLS_client_method(), argv[2]);
	struct endpoint to;
	int status;
	SSL *tls;

	if (context == NULL || parse_endpoint(argv, &to) == -1)
		return -1;
	tls = tls_connect(context, dial_until(&to, parse_count(argv[3])), NULL);
	if (tls == NULL)
		return -1;
	status = tls_exchange(tls);
	hang_up(tls);
	return status;
}

/* ---- tls-bulk: parallel streams, half of them up and half of them down -- */

struct tls_stream {
	SSL_CTX *context;
	struct endpoint to;
	pthread_t thread;
	bool up;
	uint64_t length;
	int status;
};

static int tls_stream_run(struct tls_stream *s, SSL *tls)
{
	unsigned char hello[MESSAGE];

	write_hello(hello, s->up ? 'U' : 'D', s->length);
	if (write_all(tls, hello, MESSAGE) == -1)
		return -1;
	if (!s->up)
		return read_much(tls, s->length);
	if (write_much(tls, s->length) == -1)
		return -1;
	return read_all(tls, hello, MESSAGE);
}

static void *tls_stream_thread(void *argument)
{
	struct tls_stream *s = argument;
	SSL *tls = tls_connect(s->context, dial(&s->to), NULL);

	if (tls != NULL) {
		s->status = tls_stream_run(s, tls);
		hang_up(tls);
	}
	return NULL;
}

/* Prints: bytes moved, seconds. */
int run_tls_bulk(char **argv)
{
	SSL_CTX *context = new_context(TLS_client_method(), argv[2]);
	size_t count = (size_t)parse_count(argv[3]);
	uint64_t start = now(), bytes = parse_count(argv[4]);
	struct tls_stream streams[THREADS];
	struct endpoint to;
	int status = 0;

	if (context == NULL || parse_endpoint(argv, &to) == -1)
		return -1;
	if (count == 0 || count > THREADS || bytes < count) {
		fprintf(stderr, "load: tls-bulk needs 1 to %d streams and a byte for each\n", THREADS);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		streams[i] = (struct tls_stream){ .context = context, .to = to,
			.up = i % 2 == 0, .length = bytes / count, .status = -1 };
		errno = pthread_create(&streams[i].thread, NULL, tls_stream_thread, &streams[i]);
		if (errno != 0)
			return fail("pthread_create");
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(streams[i].thread, NULL);
		status |= streams[i].status;
	}
	if (status == 0)
		printf("%llu %.6f\n", (unsigned long long)(bytes / count * count), seconds_since(start));
	return status;
}

/* ---- tls-idle: hold many sessions while a command looks at the relay ---- */

/* Runs the command with each of the levels as its last word, while so many
 * sessions are held. The levels grow: "10,100". */
int run_tls_idle(char **argv)
{
	SSL_CTX *context = new_context(TLS_client_method(), argv[2]);
	uint64_t held = 0;
	struct endpoint to;

	if (context == NULL || parse_endpoint(argv, &to) == -1)
		return -1;
	for (char *level = strtok(argv[3], ","); level != NULL; level = strtok(NULL, ",")) {
		for (; held < parse_count(level); held++) {
			SSL *tls = tls_connect(context, dial(&to), NULL);

			if (tls == NULL || tls_exchange(tls) == -1) {
				fprintf(stderr, "load: %llu of %s sessions were up\n",
					(unsigned long long)held, level);
				return -1;
			}
		}
		if (run_command(argv + 4, level) == -1)
			return -1;
	}
	return 0;
}
