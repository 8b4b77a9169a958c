/* Socket addresses as text. */
#include "sys/net.h"

#include <string.h>

#include "unit.h"

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
	test_addresses();
	return unit_done();
}
