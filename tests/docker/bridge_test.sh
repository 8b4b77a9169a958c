#!/bin/sh
# docker/ipv6-bridge: as its compose file has it, clients over IPv6 of a web server of IPv4, which logs
# their addresses.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

WEB_IMAGE=socat-test-nginx
SOCAT_IMAGE=$image
export WEB_IMAGE SOCAT_IMAGE

prepare_suite() {
	dir=$suite_dir
	project=socat-bridge-$$
	make_nginx || { echo 'no image of nginx' >&2; exit 2; }
	BRIDGE_PORT=$(free_port)
	WEB_PORT=$(free_port)
	export BRIDGE_PORT WEB_PORT
	have_compose || return 0
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

# This machine's nginx with the libraries it needs, as the usual image has it: default.conf is read, logs
# go to the container's outputs.
make_nginx() {
	docker image inspect "$WEB_IMAGE" >/dev/null 2>&1 && return
	nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || return 1
	tree=$suite_dir/nginx
	mkdir -p "$tree/etc/nginx/conf.d" "$tree/var/lib/nginx" "$tree/var/log/nginx" "$tree/run"
	for file in "$nginx" $(ldd "$nginx" | grep -o '/[^ ]*'); do
		install -D "$file" "$tree$file" || return 1
	done
	echo 'root:x:0:0:root:/:/bin/false' >"$tree/etc/passwd"
	echo 'root:x:0:' >"$tree/etc/group"
	cat >"$tree/etc/nginx/nginx.conf" <<-END
		user root;
		daemon off;
		pid /run/nginx.pid;
		error_log stderr;
		events { }
		http {
			access_log /dev/stdout;
			include /etc/nginx/conf.d/*.conf;
		}
	END
	tar -C "$tree" -c . | docker import --change "ENTRYPOINT [\"$nginx\"]" - "$WEB_IMAGE" >/dev/null
}

# A port that was free a moment ago.
free_port() {
	"$python" -c 'import socket
s = socket.socket(socket.AF_INET6)
s.bind(("::", 0))
print(s.getsockname()[1])'
}

compose() {
	if docker compose version >/dev/null 2>&1; then
		timeout "$BOUND" docker compose --project-name "$project" \
			--file "$top/docker/ipv6-bridge/compose.yaml" "$@"
	else
		timeout "$BOUND" docker-compose --project-name "$project" \
			--file "$top/docker/ipv6-bridge/compose.yaml" "$@"
	fi
}

have_compose() {
	docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null && have_ipv6
}

# Skips the test where the compose file can't be used.
need_compose() {
	have_compose && return 0
	echo 'skipped: needs docker compose and IPv6'
	startSkipping
	return 1
}

ask() {
	curl -sS --fail --noproxy '*' --max-time "$BOUND" "$@"
}

web_log_has() {
	compose logs web >web.log 2>&1 && log_has web.log "$@"
}

test_client_is_known() {
	# the server's answer and its log have the client's IPv6 address
	need_compose || return
	wait_until ask -6 "http://[::1]:$BRIDGE_PORT/" || compose logs
	run curl -6 -sS --fail --noproxy '*' "http://[::1]:$BRIDGE_PORT/"
	assert_out 'Hello, ::1.\n'
	wait_until web_log_has '::1 - - \[.*"GET / HTTP'
}

test_server_knows_no_ipv6() {
	# and it listens on IPv4 only, for nobody but the bridge
	need_compose || return
	assertEquals "127.0.0.1:$WEB_PORT" "$(compose port web 80)"
	run curl -sS --noproxy '*' --max-time "$BOUND" "http://127.0.0.1:$WEB_PORT/"
	assertNotEquals 'a request without a header' 0 "$status"
	wait_until web_log_has 'broken header'
}

test_ipv4_is_not_bridged() {
	# the bridge itself is for IPv6
	need_compose || return
	run curl -4 -sS --noproxy '*' "http://127.0.0.1:$BRIDGE_PORT/"
	assertEquals 'refused' 7 "$status"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
