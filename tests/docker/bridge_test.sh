#!/bin/sh
# docker/ipv6-bridge: as its compose file has it, clients over IPv6 of a web server of IPv4, which logs
# their addresses.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/docker/images.sh
. "$tests/docker/images.sh"

recipe=$top/docker/ipv6-bridge/compose.yaml
WEB_IMAGE=$nginx_image
SOCAT_IMAGE=$image
export WEB_IMAGE SOCAT_IMAGE

prepare_suite() {
	dir=$suite_dir
	make_nginx || { echo 'no image of nginx' >&2; exit 2; }
	BRIDGE_PORT=$(free_port)
	WEB_PORT=$(free_port)
	export BRIDGE_PORT WEB_PORT
	have_compose && have_ipv6 || return 0
	compose up --detach >"$suite_dir/compose.log" 2>&1 ||
		{ cat "$suite_dir/compose.log" >&2; exit 2; }
}

oneTimeTearDown() {
	[ -n "${suite_dir:-}" ] || return 0
	if have_compose; then
		compose down --timeout 10 >/dev/null 2>&1
	fi
	remove_labelled "suite=$$"
	rm -rf "$suite_dir"
	suite_dir=
}

# A port that was free a moment ago.
free_port() {
	"$python" -c 'import socket
s = socket.socket(socket.AF_INET6)
s.bind(("::", 0))
print(s.getsockname()[1])'
}

# Skips the test where the compose file can't be used.
need_bridge() {
	need_compose && have_ipv6
}

ask() {
	curl -sS --fail --noproxy '*' --max-time "$BOUND" "$@"
}

web_log_has() {
	compose logs web >web.log 2>&1 && log_has web.log "$@"
}

test_client_is_known() {
	# the server's answer and its log have the client's IPv6 address
	need_bridge || return
	wait_until ask -6 "http://[::1]:$BRIDGE_PORT/" || compose logs
	run curl -6 -sS --fail --noproxy '*' "http://[::1]:$BRIDGE_PORT/"
	assert_out 'Hello, ::1.\n'
	wait_until web_log_has '::1 - - \[.*"GET / HTTP'
}

test_server_knows_no_ipv6() {
	# and it listens on IPv4 only, for nobody but the bridge
	need_bridge || return
	assertEquals "127.0.0.1:$WEB_PORT" "$(compose port web 80)"
	run curl -sS --noproxy '*' --max-time "$BOUND" "http://127.0.0.1:$WEB_PORT/"
	assertNotEquals 'a request without a header' 0 "$status"
	wait_until web_log_has 'broken header'
}

test_health() {
	need_bridge || return
	wait_until healthy
}

test_ipv4_is_not_bridged() {
	# the bridge itself is for IPv6
	need_bridge || return
	run curl -4 -sS --noproxy '*' "http://127.0.0.1:$BRIDGE_PORT/"
	assertEquals 'refused' 7 "$status"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
