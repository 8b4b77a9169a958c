/* Handshakes in memory, between two of BearSSL's engines: what each verifier says of the other's
 * certificate. */
#include "tls/verify.h"

#include <time.h>

#include "certificates.h"
#include "tls/ec.h"
#include "tls/key.h"
#include "unit.h"

/* A handshake: whose certificates, and what is asked of whom. */
struct meeting {
	const char *server, *client;          /* names of keys; client NULL: shows none */
	struct tls_policy of_server, of_client;
	bool ask_client;
	long days;                            /* how many from now it happens */
};

static struct {
	bool done;
	int client_error, server_error;
	char reason[TLS_REASON];
	int alert;
	struct variables *variables;
} result;

static struct tls_key *load(const char *name)
{
	char certificate[64], file[64];

	snprintf(certificate, sizeof certificate, "%s.pem", name);
	snprintf(file, sizeof file, "%s.key", name);
	return tls_key_load(certificate, file, "test");
}

/* Move records from one engine to the other. Returns true if there were some. */
static bool move(br_ssl_engine_context *from, br_ssl_engine_context *to)
{
	size_t have, room;
	unsigned char *out, *in;
	bool moved = false;

	while ((br_ssl_engine_current_state(from) & BR_SSL_SENDREC) &&
	       (br_ssl_engine_current_state(to) & BR_SSL_RECVREC)) {
		out = br_ssl_engine_sendrec_buf(from, &have);
		in = br_ssl_engine_recvrec_buf(to, &room);
		if (have > room)
			have = room;
		memcpy(in, out, have);
		br_ssl_engine_sendrec_ack(from, have);
		br_ssl_engine_recvrec_ack(to, have);
		moved = true;
	}
	return moved;
}

static void run(br_ssl_engine_context *client, br_ssl_engine_context *server)
{
	while (move(client, server) | move(server, client))
		;
	result.client_error = br_ssl_engine_last_error(client);
	result.server_error = br_ssl_engine_last_error(server);
	result.done = (br_ssl_engine_current_state(client) & BR_SSL_SENDAPP) != 0 &&
	              (br_ssl_engine_current_state(server) & BR_SSL_SENDAPP) != 0;
}

static struct tls_verifier *make_verifier(const struct tls_policy *policy, long days)
{
	struct tls_verifier *verifier = tls_verifier_new(policy);

	/* certificates made a moment ago must be valid */
	tls_verifier_set_time(verifier, time(NULL) + 5 + days * 86400);
	return verifier;
}

static void take_result(struct tls_verifier *verifier)
{
	if (tls_verifier_failed(verifier)) {
		snprintf(result.reason, sizeof result.reason, "%s", tls_verifier_reason(verifier));
		result.alert = tls_verifier_alert(verifier);
	}
	if (result.variables == NULL)
		result.variables = tls_verifier_take_variables(verifier);
}

static void prepare_server(br_ssl_server_context *server, const struct tls_key *key)
{
	if (key->type == BR_KEYTYPE_RSA)
		br_ssl_server_init_full_rsa(server, key->chain, key->chain_length, &key->rsa);
	else
		br_ssl_server_init_full_ec(server, key->chain, key->chain_length,
		                           (unsigned)key->issuer_type, &key->ec);
}

static void prepare_client(br_ssl_client_context *client, const struct tls_key *key)
{
	br_x509_minimal_context unused;

	br_ssl_client_init_full(client, &unused, NULL, 0);
	if (key == NULL)
		return;
	if (key->type == BR_KEYTYPE_RSA)
		br_ssl_client_set_single_rsa(client, key->chain, key->chain_length, &key->rsa,
		                             br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_client_set_single_ec(client, key->chain, key->chain_length, &key->ec,
		                            BR_KEYTYPE_SIGN, (unsigned)key->issuer_type, tls_ec(),
		                            br_ecdsa_sign_asn1_get_default());
}

static void meet(const struct meeting *meeting)
{
	static unsigned char buffers[2][BR_SSL_BUFSIZE_BIDI];
	static br_ssl_client_context client;
	static br_ssl_server_context server;
	struct tls_key *server_key = load(meeting->server);
	struct tls_key *client_key = meeting->client != NULL ? load(meeting->client) : NULL;
	struct tls_verifier *of_server = make_verifier(&meeting->of_server, meeting->days);
	struct tls_verifier *of_client = make_verifier(&meeting->of_client, meeting->days);
	const struct tls_anchors *asked = meeting->of_client.anchors;

	free(result.variables);
	memset(&result, 0, sizeof result);
	CHECK(server_key != NULL && (meeting->client == NULL || client_key != NULL));
	if (server_key != NULL) {
		prepare_server(&server, server_key);
		prepare_client(&client, client_key);
		br_ssl_engine_set_x509(&client.eng, tls_verifier_engine(of_server));
		if (meeting->ask_client) {
			br_ssl_engine_set_default_rsavrfy(&server.eng);
			br_ssl_engine_set_default_ecdsa(&server.eng);
			br_ssl_server_set_trust_anchor_names_alt(
				&server, asked != NULL ? asked->list : NULL,
				asked != NULL ? asked->count : 0);
			br_ssl_engine_set_x509(&server.eng, tls_verifier_engine(of_client));
		}
		br_ssl_engine_set_buffer(&client.eng, buffers[0], sizeof buffers[0], 1);
		br_ssl_engine_set_buffer(&server.eng, buffers[1], sizeof buffers[1], 1);
		br_ssl_engine_inject_entropy(&client.eng, "0123456789abcdef", 16);
		br_ssl_engine_inject_entropy(&server.eng, "fedcba9876543210", 16);
		br_ssl_client_reset(&client, NULL, 0);
		br_ssl_server_reset(&server);
		run(&client.eng, &server.eng);
		/* the names of the client, if it has shown any */
		take_result(of_client);
		take_result(of_server);
	}
	tls_verifier_free(of_server);
	tls_verifier_free(of_client);
	tls_key_free(server_key);
	tls_key_free(client_key);
}

static struct tls_anchors *root;

/* The client looks at the server, and wants a name. */
static void meet_server(const char *server, const char *name, long days)
{
	meet(&(struct meeting){.server = server, .days = days,
	                       .of_server = {.anchors = root, .name = name}});
}

static void expect_good(const char *server, const char *name)
{
	meet_server(server, name, 0);
	CHECK(result.done);
	CHECK_TEXT(result.reason, "");
}

static void expect_bad(const char *server, const char *name, long days, int alert,
                       const char *reason)
{
	meet_server(server, name, days);
	CHECK(!result.done);
	CHECK_TEXT(result.reason, reason);
	CHECK_NUMBER(result.alert, alert);
}

static char *date(long days, char text[32])
{
	time_t then = time(NULL) + days * 86400;
	struct tm parts;

	strftime(text, 32, "%Y-%m-%d", gmtime_r(&then, &parts));
	return text;
}

/* Keys of all kinds and chains of several lengths, in any order, are accepted. */
static void test_good(void)
{
	expect_good("p256", "host.example");
	expect_good("p384", "HOST.example.");
	expect_good("p521", "a.wild.example");
	expect_good("rsa2048", "127.0.0.1");
	expect_good("rsa4096", "::1");
	expect_good("rsa4096", "0:0:0:0:0:0:0:1");
	expect_good("p256", NULL);
	expect_good("p256", "");
	expect_good("common", "common.example");
	expect_good("chain", "chain.example");
	expect_good("disorder", "chain.example");
	expect_good("long", "long.example");
}

/* A certificate is only for its names. */
static void test_names(void)
{
	expect_bad("p256", "other.example", 0, 42,
	           "its certificate is not for the name other.example, but for host.example, "
	           "*.wild.example, 127.0.0.1, ...");
	expect_bad("p256", "p256", 0, 42,
	           "its certificate is not for the name p256, but for host.example, "
	           "*.wild.example, 127.0.0.1, ...");
	expect_bad("p256", "127.0.0.2", 0, 42,
	           "its certificate is not for the name 127.0.0.2, but for host.example, "
	           "*.wild.example, 127.0.0.1, ...");
	expect_bad("common", "127.0.0.1", 0, 42,
	           "its certificate is not for the name 127.0.0.1, but for common.example");
}

/* Dates count, of the leaf and of its issuers. */
static void test_dates(void)
{
	char expected[128], text[32];

	meet_server("p256", NULL, 101);
	snprintf(expected, sizeof expected, "the certificate has expired on %s ", date(100, text));
	CHECK(strncmp(result.reason, expected, strlen(expected)) == 0);
	CHECK(strstr(result.reason, " UTC: CN = p256") != NULL);
	CHECK_NUMBER(result.alert, 45);
	meet_server("p256", NULL, -1);
	snprintf(expected, sizeof expected, "the certificate is not valid before %s ",
	         date(0, text));
	CHECK(!result.done && strncmp(result.reason, expected, strlen(expected)) == 0);
	CHECK_NUMBER(result.alert, 42);
	expect_good("short", NULL);
	meet_server("short", NULL, 6);
	CHECK(strncmp(result.reason, "a certificate in its chain has expired on ", 42) == 0);
	CHECK(strstr(result.reason, " UTC: CN = Short") != NULL);
	CHECK_NUMBER(result.alert, 45);
}

/* Who vouches for it. */
static void test_issuers(void)
{
	struct tls_anchors *good = root;

	expect_bad("self", NULL, 0, 48,
	           "its certificate is self-signed and not in cafile: CN = self.example");
	expect_bad("client_other", NULL, 0, 48,
	           "the authority at the end of its chain is not trusted, see option cafile: CN = "
	           "Other root");
	root = tls_anchors_load("false_root.pem", NULL, "test");
	expect_bad("p256", NULL, 0, 51,
	           "the certificate is not signed by the authority of this name in cafile, CN = "
	           "Root: CN = p256");
	tls_anchors_free(root);
	/* trusted for itself, whoever has signed it */
	root = tls_anchors_load("self.pem", NULL, "test");
	expect_good("self", "self.example");
	expect_bad("p256", NULL, 0, 48,
	           "the issuer of its certificate is not trusted, see option cafile: CN = Root; "
	           "the certificate: CN = p256");
	tls_anchors_free(root);
	root = tls_anchors_load("p256.der", NULL, "test");
	expect_good("p256", "host.example");
	tls_anchors_free(root);
	root = good;
	expect_bad("not_ca", NULL, 0, 48,
	           "a certificate in its chain may not be an issuer, or not with so long a chain: "
	           "CN = not a CA");
}

/* What the certificate may be used for. */
static void test_usage(void)
{
	expect_bad("client", NULL, 0, 43,
	           "its extended key usage is not for servers (serverAuth): CN = client");
	expect_bad("no_use", NULL, 0, 43,
	           "its key usage does not allow TLS (digitalSignature or keyEncipherment): CN = "
	           "no use");
	expect_bad("sha1", NULL, 0, 43,
	           "the certificate has a key or signature of a kind that is not supported (SHA-1 and "
	           "MD5 are not safe any more): CN = sha1");
	expect_bad("critical", NULL, 0, 46,
	           "the certificate has a critical extension that is not known here (1.2.3.4): CN "
	           "= critical");
	/* BearSSL chose a suite with a signature, which this key may not make */
	meet_server("no_sign", NULL, 0);
	CHECK(!result.done);
	CHECK_NUMBER(result.client_error, BR_ERR_WRONG_KEY_USAGE);
}

/* Without anchors a pin is all that is needed, and enough; with them both are. */
static void test_pins(void)
{
	unsigned char pins[2][TLS_PIN_SIZE] = {{0}};
	struct meeting meeting = {
		.server = "self",
		.of_server = {.pins = (const unsigned char (*)[TLS_PIN_SIZE])pins, .pin_count = 2,
		              .name = "other.example"},
	};
	char text[128] = "";
	FILE *out;

	meet(&meeting);
	CHECK(!result.done);
	CHECK_NUMBER(result.alert, 42);
	CHECK(strncmp(result.reason, "its key is not the pinned one, but sha256//", 43) == 0);
	out = popen("openssl pkey -in self.key -pubout -outform DER | openssl dgst -sha256 -binary | "
	            "tee pin | base64 | tr -d '\\n'", "r");
	CHECK(out != NULL && fgets(text, sizeof text, out) != NULL);
	pclose(out);
	CHECK(strncmp(result.reason + 43, text, strlen(text)) == 0);
	out = fopen("pin", "r");
	CHECK_NUMBER(fread(pins[1], 1, TLS_PIN_SIZE, out), TLS_PIN_SIZE);
	fclose(out);
	meet(&meeting);
	CHECK(result.done);
	meeting.of_server.anchors = root;
	meet(&meeting);
	CHECK(!result.done);
	CHECK_TEXT(result.reason,
	           "its certificate is self-signed and not in cafile: CN = self.example");
}

/* Without anchors anything goes, but for the name if there is one. */
static void test_unverified(void)
{
	struct meeting meeting = {.server = "self"};

	meet(&meeting);
	CHECK(result.done);
	meeting.server = "client";
	meet(&meeting);
	CHECK(result.done);
	meeting.of_server.name = "other.example";
	meet(&meeting);
	CHECK(!result.done);
	CHECK_TEXT(result.reason,
	           "its certificate is not for the name other.example, but for client");
}

static bool has_variable(const char *text)
{
	const struct variables *variables = result.variables;

	for (size_t at = 0; variables != NULL && at < variables->size;
	     at += strlen(variables->text + at) + 1)
		if (strcmp(variables->text + at, text) == 0)
			return true;
	return false;
}

/* Clients are asked for a certificate that is theirs, good, and there. */
static void test_clients(void)
{
	struct meeting meeting = {
		.server = "p256", .client = "client", .ask_client = true,
		.of_server = {.anchors = root},
		.of_client = {.anchors = root, .of_client = true},
	};

	meet(&meeting);
	CHECK(result.done);
	CHECK(has_variable("OPENSSL_X509_SUBJECT=CN = client"));
	CHECK(has_variable("OPENSSL_X509_ISSUER=CN = Middle"));
	CHECK(has_variable("OPENSSL_X509_COMMONNAME=client"));
	meeting.client = "client_rsa";
	meet(&meeting);
	CHECK(result.done);
	meeting.client = NULL;
	meet(&meeting);
	CHECK(!result.done);
	CHECK_NUMBER(result.server_error, BR_ERR_NO_CLIENT_AUTH);
	meeting.client = "client_other";
	meet(&meeting);
	CHECK(!result.done);
	CHECK(strstr(result.reason, "is not trusted") != NULL);
	meeting.client = "rsa2048";
	meet(&meeting);
	CHECK(!result.done);
	CHECK_TEXT(result.reason, "its extended key usage is not for clients (clientAuth): CN = rsa2048");
	meeting.client = "no_sign";
	meet(&meeting);
	CHECK(!result.done);
	CHECK_TEXT(result.reason,
	           "its key usage does not allow TLS (digitalSignature): CN = no sign");
}

int main(void)
{
	certificates_make(__FILE__);
	root = tls_anchors_load("root.pem", NULL, "test");
	CHECK(root != NULL);
	if (root != NULL) {
		test_good();
		test_names();
		test_dates();
		test_issuers();
		test_usage();
		test_pins();
		test_unverified();
		test_clients();
	}
	CHECK_SILENT();
	tls_anchors_free(root);
	free(result.variables);
	certificates_remove();
	return unit_done();
}
