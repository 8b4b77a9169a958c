/* Print what cipher lists select, one line for each argument: names joined by ":", or nothing if
 * the list is refused or selects nothing. */
#include <stdio.h>

#include "tls/suites.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct tls_suites suites;
		char why[256];

		if (tls_suites_parse(&suites, argv[i], why, sizeof why) != 0)
			suites.count = 0;
		for (size_t k = 0; k < suites.count; k++)
			printf("%s%s", k > 0 ? ":" : "", tls_suite_name(suites.list[k]));
		printf("\n");
	}
	return 0;
}
