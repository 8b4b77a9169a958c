/* Socket addresses and what is read from packets. */
#include "sys/net.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* The length of the header is read from whole headers of IPv4 only. */
static void test_ip4_header(void)
{
	static const struct {
		unsigned char first;
		size_t length, header;
	} cases[] = {
		{ 0x45, 20, 20 }, { 0x45, 65535, 20 }, { 0x46, 24, 24 }, { 0x4f, 60, 60 },
		{ 0x45, 19, 0 }, { 0x45, 0, 0 }, { 0x46, 23, 0 }, { 0x4f, 59, 0 },
		{ 0x44, 20, 0 }, { 0x40, 20, 0 }, { 0x65, 40, 0 }, { 0x05, 20, 0 }, { 0xff, 60, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* as long as said, so that reading behind the end is noticed */
		unsigned char *packet = malloc(cases[i].length + (cases[i].length == 0));

		if (cases[i].length > 0) {
			memset(packet, 0xff, cases[i].length);
			packet[0] = cases[i].first;
		}
		CHECK_NUMBER(net_ip4_header(packet, cases[i].length), cases[i].header);
		free(packet);
	}
}

/* Any first byte and any length give 0 or a header that is there. */
static void test_ip4_header_any(void)
{
	bool good = true;

	for (unsigned first = 0; first < 256; first++)
		for (size_t length = 0; length <= 64; length++) {
			unsigned char *packet = calloc(1, length + 1);
			size_t header;

			packet[0] = (unsigned char)first;
			header = net_ip4_header(packet, length);
			good &= header == 0 ||
			        (header >= 20 && header <= length && header % 4 == 0);
			free(packet);
		}
	CHECK(good);
}

/* UNIX addresses: with and without the rest of the array, and abstract. */
static void test_unix(void)
{
	struct net_peer peer;
	char text[NET_TEXT];

	CHECK_NUMBER(net_unix("a/b", false, true, &peer), 0);
	CHECK_NUMBER(peer.length, 5);
	CHECK_TEXT(net_print(&peer.addr, peer.length, text, sizeof text), "AF=1 \"a/b\"");
	CHECK_NUMBER(net_unix("a/b", false, false, &peer), 0);
	CHECK_NUMBER(peer.length, sizeof(struct sockaddr_un));
	CHECK_NUMBER(net_unix("ab", true, true, &peer), 0);
	CHECK_NUMBER(peer.length, 5);
	CHECK_TEXT(net_print(&peer.addr, peer.length, text, sizeof text), "AF=1 \"\\0ab\"");
	CHECK_TEXT(net_print(&peer.addr, 0, text, sizeof text), "AF=0 \"<anon>\"");
}

/* Addresses as log lines have them. */
static void test_addresses(void)
{
	union net_addr addr = {.vm = {.svm_family = AF_VSOCK, .svm_cid = 2, .svm_port = 1024}};
	char text[NET_TEXT];

	CHECK_TEXT(net_print(&addr, sizeof addr.vm, text, sizeof text), "AF=40 cid:2 port:1024");
	CHECK_TEXT(net_host(&addr, sizeof addr.vm, text, sizeof text), "2");
	CHECK_NUMBER(net_port(&addr), 1024);
	memset(&addr, 0, sizeof addr);
	addr.sa.sa_family = 43;
	addr.sa.sa_data[1] = 0x50;
	CHECK_TEXT(net_print(&addr, 6, text, sizeof text), "AF=43 0x00500000");
	CHECK_TEXT(net_print(&addr, 2, text, sizeof text), "AF=43 0x");
	CHECK_NUMBER(net_port(&addr), 0);
}

int main(void)
{
	test_ip4_header();
	test_ip4_header_any();
	test_unix();
	test_addresses();
	return unit_done();
}
