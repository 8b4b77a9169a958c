#!/bin/sh
# Cipher lists, beside those of openssl(1): for suites that both have, a list selects the same ones
# in the same order.
. "$(dirname "$0")/lib.sh"

oneTimeSetUp() {
	built=$(mktemp -d "${TMPDIR:-/tmp}/socat-test.XXXXXX")
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -g -fsanitize=address,undefined -I"$root/src" \
		-o "$built/ciphers" "$tests/ciphers.c" "$root/src/tls/suites.c" \
		"$root/src/tls/suite_table.c" "$root/src/sys/text.c" -lbearssl || exit 2
	"$built/ciphers" ALL | tr : '\n' >"$built/ours"
	openssl_list ALL:COMPLEMENTOFALL >"$built/theirs"
}

# shunit2 calls this one after a failed setup, too.
oneTimeTearDown() {
	[ -z "${built:-}" ] || rm -rf "$built"
	built=
}

# openssl_list LIST: one name a line; no TLS 1.3. Whether build or configuration of openssl demand
# a level of security does not matter: without -s it lists all.
openssl_list() {
	bounded_run openssl ciphers -tls1_2 -ciphersuites '' "$1" 2>/dev/null | tr : '\n'
}

bounded_run() {
	timeout "$BOUND" "$@"
}

our_list() {
	bounded_run "$built/ciphers" "$1" | tr : '\n'
}

# common FILE: of the names on stdin those in the file, in their order.
common() {
	grep -F -x -f "$1" || true
}

# A name a line; the second argument is how to compare: "cat", or "sort" where order is free.
compare() {
	openssl_list "$1" | common "$built/ours" | $2 >expected
	our_list "$1" | common "$built/theirs" | $2 >got
	assertEquals "$1" "$(cat expected)" "$(cat got)"
}

test_most_suites_are_common() {
	# otherwise the other tests would compare nothing
	common=$(common "$built/ours" <"$built/theirs" | grep -c .)
	assertTrue "$common common suites" "[ $common -ge 28 ]"
}

test_single_words() {
	# each key word selects the same suites, and none it does not know
	for word in ALL COMPLEMENTOFALL COMPLEMENTOFDEFAULT HIGH MEDIUM LOW FIPS kRSA RSA kECDHE \
		kEECDH ECDHE EECDH aRSA aECDSA ECDSA AES AES128 AES256 AESGCM AESCCM AESCCM8 \
		CHACHA20 CBC SHA1 SHA SHA256 SHA384 SSLv3 TLSv1 TLSv1.0 TLSv1.2 aNULL eNULL NULL ADH \
		DH DHE kDHE PSK SRP DSS CAMELLIA ARIA RC4 MD5 SEED; do
		compare "$word" cat
	done
}

test_names() {
	# each suite by its name, and many of them in an order of their own
	for name in $(common "$built/ours" <"$built/theirs"); do
		compare "$name" cat
		assertEquals "$name" "$(our_list "$name")"
	done
	compare "$(common "$built/ours" <"$built/theirs" | sort | tr '\n' :)" cat
}

test_combinations() {
	# words joined by "+"
	for list in ECDHE+AESGCM kRSA+AESGCM ECDHE+AES128 aRSA+AESGCM+AES256 ECDHE+aECDSA+CHACHA20 \
		AES+SHA256 kRSA+SHA HIGH+kRSA+AES128 ECDHE+AESCCM8 TLSv1.2+ECDHE+AES256; do
		compare "$list" cat
	done
}

test_operators() {
	# adding, moving, removing, killing, in any order
	for list in 'ALL:!kRSA' 'ALL:-kRSA' 'ALL:-kRSA:kRSA' 'ALL:!kRSA:kRSA' 'ALL:+AESGCM' \
		'AES256:AES128:+SHA' 'HIGH:!aNULL:!MD5' 'HIGH:-AES:AES128' 'AES:-SHA:-SHA256:SHA256:SHA' \
		'AESGCM:+ECDHE+AES256:!aRSA' 'AES128:AES256:-AES128+kRSA:+ECDHE' 'ALL:-ALL:AES128-SHA' \
		':-ALL:AES256' '+AES256:AES256' '!SHA:ALL' 'HIGH!SHA!AESCCM' 'CHACHA20:AES128:AES256' \
		'AES256-SHA:AES:+AES256-SHA' 'ALL:-AES256:-AES128:CBC'; do
		compare "$list" cat
	done
}

test_strength() {
	# sorting by the length of the key, wherever it is asked for
	for list in 'ALL:@STRENGTH' 'AES128:AES256:@STRENGTH' 'kRSA:ECDHE:@STRENGTH' \
		'AES128:@STRENGTH:CHACHA20' 'AES128-SHA:CHACHA20:AES256-SHA:@STRENGTH' \
		'ECDHE+AES128:ALL:!SHA:@STRENGTH'; do
		compare "$list" cat
	done
}

test_separators() {
	# ":", ",", ";" and spaces, and many of them
	for list in 'AES128-SHA,AES256-SHA' 'AES128-SHA AES256-SHA' 'AES128-SHA;AES256-SHA' \
		'AES128-SHA, AES256-SHA' 'AES128-SHA::AES256-SHA' ':AES128-SHA:'; do
		compare "$list" cat
	done
}

test_default() {
	# the same suites; our order is our own
	for list in DEFAULT 'DEFAULT:!SHA' 'DEFAULT:-kRSA:AES128-SHA'; do
		compare "$list" sort
	done
}

test_security_levels() {
	# a level leaves out the same suites; openssl needs -s to tell
	for level in 0 1 2 3 4 5; do
		bounded_run openssl ciphers -s -tls1_2 -ciphersuites '' "HIGH:!AESCCM:@SECLEVEL=$level" \
			| tr : '\n' | common "$built/ours" >expected
		our_list "HIGH:!AESCCM:@SECLEVEL=$level" | common "$built/theirs" >got
		assertTrue "level $level" "[ -s expected ]"
		assertEquals "level $level" "$(cat expected)" "$(cat got)"
	done
}

test_lists_in_use() {
	# what people copy from recommendations
	for list in 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305' \
		'EECDH+ECDSA+AESGCM:EECDH+aRSA+AESGCM:EECDH+ECDSA+SHA384:EECDH+aRSA+SHA256:EECDH:!aNULL:!eNULL:!LOW:!3DES:!MD5:!EXP:!PSK:!SRP:!DSS:!RC4' \
		'ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!SSLv3' 'HIGH:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK:!CAMELLIA' \
		'ALL:!ADH:!LOW:!EXP:!MD5:@STRENGTH' 'ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384' \
		'HIGH:!DSS:!aNULL@STRENGTH' 'TLSv1.2+HIGH:!eNULL:!aNULL'; do
		compare "$list" cat
	done
}

test_refused() {
	# what selects nothing there selects nothing here
	for list in '' : '!AES' aNULL:!aNULL RC4 NONSENSE '@STRENGTH' AES128-SHA:!AES; do
		compare "$list" cat
		assertEquals "$list" '' "$(our_list "$list")"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
