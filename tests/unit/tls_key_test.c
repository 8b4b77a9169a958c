/* Keys and anchors from files: what is read, and what is said about what can't be. */
#include "tls/key.h"

#include <fcntl.h>

#include "certificates.h"
#include "tls/anchors.h"
#include "tls/pem.h"
#include "unit.h"

static void shell(const char *command)
{
	CHECK_NUMBER(system(command), 0);
}

static void expect_key(const char *certificate, const char *file, int type, size_t chain)
{
	struct tls_key *key = tls_key_load(certificate, file, "test");

	CHECK_SILENT();
	CHECK(key != NULL);
	if (key != NULL) {
		CHECK_NUMBER(key->type, type);
		CHECK_NUMBER(key->chain_length, chain);
	}
	tls_key_free(key);
}

static void expect_error(const char *certificate, const char *file, const char *message)
{
	struct tls_key *key = tls_key_load(certificate, file, "test");

	CHECK(key == NULL);
	CHECK_MESSAGE(message);
	tls_key_free(key);
}

/* All forms of keys, in files of their own or in one with the chain. */
static void test_forms(void)
{
	expect_key("rsa2048.pem", "rsa2048.key", BR_KEYTYPE_RSA, 2);
	expect_key("rsa2048.pem", "rsa_pkcs1.key", BR_KEYTYPE_RSA, 2);
	expect_key("rsa2048.pem", "rsa_pkcs1.der", BR_KEYTYPE_RSA, 2);
	expect_key("rsa2048.pem", "rsa_pkcs8.der", BR_KEYTYPE_RSA, 2);
	expect_key("rsa4096.pem", "rsa4096.key", BR_KEYTYPE_RSA, 2);
	expect_key("p256.pem", "p256.key", BR_KEYTYPE_EC, 1);   /* with EC PARAMETERS */
	expect_key("p256.pem", "ec_pkcs8.key", BR_KEYTYPE_EC, 1);
	expect_key("p256.der", "ec_sec1.der", BR_KEYTYPE_EC, 1);
	expect_key("p384.pem", "p384.key", BR_KEYTYPE_EC, 1);
	expect_key("p521.pem", "p521.key", BR_KEYTYPE_EC, 1);
	shell("{ echo 'some text: here'; cat rsa2048.key; echo; cat rsa2048.pem; } | "
	      "sed 's/$/\r/' >all.pem");
	expect_key("all.pem", NULL, BR_KEYTYPE_RSA, 2);
	shell("{ printf '\\357\\273\\277'; cat rsa2048.pem rsa2048.key; } | "
	      "tr -d '\\n' | sed 's/-----\\([BE]\\)/\\n-----\\1/g; s/KEY-----/&\\n/g; "
	      "s/CERTIFICATE-----/&\\n/g' >long.pem; printf '%s' \"$(cat long.pem)\" >long2.pem");
	expect_key("long2.pem", NULL, BR_KEYTYPE_RSA, 2);
}

/* The certificate of the key is sent first, wherever it stands. */
static void test_order(void)
{
	struct tls_key *key, *right = tls_key_load("rsa4096.pem", "rsa4096.key", "test");

	shell("cat root.pem middle.pem rsa4096.pem >late.pem");
	key = tls_key_load("late.pem", "rsa4096.key", "test");
	CHECK(key != NULL && right != NULL);
	if (key != NULL && right != NULL) {
		CHECK_NUMBER(key->chain[0].data_len, right->chain[0].data_len);
		CHECK(memcmp(key->chain[0].data, right->chain[0].data, key->chain[0].data_len) == 0);
		CHECK_NUMBER(key->chain_length, 4);
	}
	tls_key_free(key);
	tls_key_free(right);
	CHECK_SILENT();
}

/* What can't be used is refused with the reason. */
static void test_errors(void)
{
	expect_error("none.pem", NULL, "E test: can't read none.pem: No such file or directory");
	expect_error(".", NULL, "E test: can't read .: Is a directory");
	expect_error("p256.key", NULL, "E test: p256.key: it has no certificate");
	expect_error("/dev/null", NULL,
	             "E test: /dev/null: it has no certificate (neither PEM nor DER)");
	expect_error("p256.pem", NULL,
	             "E test: p256.pem: it has no private key; option key names the file that has it");
	expect_error("p256.pem", "p384.key",
	             "E test: p256.pem: the private key is not that of the certificate");
	expect_error("rsa2048.pem", "rsa4096.key",
	             "E test: rsa2048.pem: the private key is not that of the certificate");
	expect_error("p256.pem", "encrypted.key",
	             "E test: encrypted.key: its private key is encrypted; decrypt it with "
	             "\"openssl pkey -in encrypted.key -out PLAIN\"");
	expect_error("p256.der", "encrypted.der",
	             "E test: encrypted.der: its private key is encrypted; decrypt it with "
	             "\"openssl pkey -in encrypted.der -out PLAIN\"");
	expect_error("p256.pem", "encrypted_old.key",
	             "E test: encrypted_old.key: its private key is encrypted; decrypt it with "
	             "\"openssl pkey -in encrypted_old.key -out PLAIN\"");
	expect_error("ed.pem", "ed.key",
	             "E test: ed.key: its private key is of type Ed25519, which is not supported; "
	             "RSA up to 4096 bits and EC keys on P-256, P-384 and P-521 are");
	shell("head -c 100 p256.key >cut.key");
	expect_error("p256.pem", "cut.key",
	             "E test: cut.key: it has no private key; option key names the file that has it");
	shell("sed '/END EC PRIV/d' p256.key >cut.key");
	expect_error("p256.pem", "cut.key",
	             "E test: cut.key: its private key is damaged: its END line is missing");
	shell("sed '3s/./!/' p256.pem >bad.pem");
	expect_error("bad.pem", "p256.key",
	             "E test: bad.pem: the certificate in line 1 can't be used: it is not Base64");
	shell("head -c 1048577 /dev/zero >large.pem");
	expect_error("large.pem", NULL, "E test: can't read large.pem: it is larger than 1 MiB, so no "
	             "key or certificate");
}

/* Pipes are read like files. */
static void test_pipe(void)
{
	int ends[2];
	char path[32];

	CHECK(pipe(ends) == 0);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	if (fork() == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		execlp("cat", "cat", "p256.pem", "p256.key", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	expect_key(path, NULL, BR_KEYTYPE_EC, 1);
	close(ends[0]);
}

static void expect_anchors(const char *file, const char *directory, size_t count)
{
	struct tls_anchors *anchors = tls_anchors_load(file, directory, "test");

	CHECK(anchors != NULL);
	if (anchors != NULL)
		CHECK_NUMBER(anchors->count, count);
	tls_anchors_free(anchors);
}

/* Bundles, directories and the environment; a certificate counts once. */
static void test_anchors(void)
{
	expect_anchors("root.pem", NULL, 1);
	expect_anchors("p256.der", NULL, 1);
	shell("cat root.pem other.pem root.pem p256.pem >bundle.pem");
	expect_anchors("bundle.pem", NULL, 3);
	shell("mkdir directory && cp root.pem other.pem directory && mkfifo directory/fifo && "
	      "ln -s root.pem directory/1234.0 && ln -s gone directory/5678.0 && "
	      "mkdir directory/more && echo text >directory/README");
	expect_anchors(NULL, "directory", 2);
	expect_anchors("p256.pem", "directory", 3);
	CHECK_SILENT();
	unsetenv("SSL_CERT_DIR");
	setenv("SSL_CERT_FILE", "bundle.pem", 1);
	expect_anchors(NULL, NULL, 3);
	setenv("SSL_CERT_DIR", "directory:gone", 1);
	unsetenv("SSL_CERT_FILE");
	expect_anchors(NULL, NULL, 2);
	CHECK_SILENT();
	setenv("SSL_CERT_DIR", "gone", 1);
	expect_anchors(NULL, NULL, 0);
	CHECK_MESSAGE("W test: there are no certificates of authorities on this system, so no peer "
	              "will be trusted; name them with cafile, or install ca-certificates");
	unsetenv("SSL_CERT_DIR");
}

/* What is bad in a bundle is skipped; what was asked for and is not there is an error. */
static void test_bad_anchors(void)
{
	shell("{ cat root.pem; sed 3d other.pem; cat ed.pem; } >mixed.pem");
	expect_anchors("mixed.pem", NULL, 1);
	CHECK_NUMBER(unit_messages, 2);
	CHECK(strstr(unit_message, "its key (Ed25519) is of a kind or size not supported") != NULL);
	unit_messages = 0;
	CHECK(tls_anchors_load("gone.pem", NULL, "test") == NULL);
	CHECK_MESSAGE("E test: can't read gone.pem: No such file or directory");
	CHECK(tls_anchors_load("p256.key", NULL, "test") == NULL);
	CHECK_MESSAGE("E test: p256.key: it has no certificate that can be used");
	CHECK(tls_anchors_load(NULL, "gone", "test") == NULL);
	CHECK_MESSAGE("E test: can't read gone: No such file or directory");
}

/* Base64 that is longer than it seems is not written behind its memory. */
static void test_pem_bounds(void)
{
	static const char text[] = "-----BEGIN X-----\nA: -----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n"
	                           "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\n-----END X-----\n";
	struct tls_pem pem;

	CHECK_NUMBER(tls_pem_parse(&pem, (const unsigned char *)text, strlen(text)), 0);
	CHECK_NUMBER(pem.count, 1);
	tls_pem_free(&pem);
}

int main(void)
{
	certificates_make(__FILE__);
	test_forms();
	test_order();
	test_errors();
	test_pipe();
	test_anchors();
	test_bad_anchors();
	test_pem_bounds();
	certificates_remove();
	return unit_done();
}
