#!/bin/sh
# The compose files of docker/, as they are there, with stand-ins for what they lead to. For
# docker/ipv6-bridge there is bridge_test.sh.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/docker/images.sh
. "$tests/docker/images.sh"

SOCAT_IMAGE=$image
# ports are for the kernel to choose, on this machine only
BIND=127.0.0.1 PORT=0 SQL_PORT=0 SQL_STRICT_PORT=0 STORAGE_PORT=0 REDIS_PORT=0 MONITOR_PORT=0
export SOCAT_IMAGE BIND PORT SQL_PORT SQL_STRICT_PORT STORAGE_PORT REDIS_PORT MONITOR_PORT

prepare_suite() {
	{ make_nginx && make_redis && make_openssl; } || { echo 'no images to test with' >&2; exit 2; }
	DOCKER_SOCKET=$(engine_socket) || { echo 'the engine is not used through a UNIX socket' >&2; exit 2; }
	DOCKER_GID=$(stat -L -c %g "$DOCKER_SOCKET")
	PKI=$suite_dir/pki
	make_pki "$PKI" localhost 127.0.0.1 myserver.database.windows.net \
		myaccount.blob.core.windows.net mycache.redis.cache.windows.net || exit 2
	export DOCKER_SOCKET DOCKER_GID PKI
}

tearDown() {
	stop_all
	down
	cd / && rm -rf "${dir:?}"
}

# up FILE...: the services of a recipe, with what a test adds.
up() {
	need_compose || return
	recipe=$(echo "$*" | tr ' ' ':')
	compose up --detach >compose.log 2>&1 || { fail "$(cat compose.log)"; return 1; }
	wait_until healthy
}

# down: all of it is gone afterwards, and did not have to be killed.
down() {
	[ -n "${recipe:-}" ] || return 0
	compose down --timeout 20 --volumes >"$dir/down.log" 2>&1 || fail "$(cat "$dir/down.log")"
	recipe=
	assert_nothing_left
}

# published SERVICE PORT: the port of 127.0.0.1 that leads there, in $port.
published() {
	port=$(compose port "$1" "$2" | sed -n 's/^127\.0\.0\.1://p')
	assertNotNull "$1 is not published on 127.0.0.1" "$port"
}

service_log_has() {
	compose logs --no-color "$1" >service.log 2>&1 && log_has service.log "$2"
}

docker_over() {
	run env -u DOCKER_CONTEXT -u DOCKER_TLS_VERIFY "$@" docker version --format '{{.Server.Version}}'
}

answers() {
	docker_over "$@"
	[ "$status" -eq 0 ]
}

test_docker_socket() {
	# who has a certificate gets to the engine; who has none, or another authority's, does not
	up "$top/docker/docker-socket/compose.yaml" || return
	published docker-api 2376
	wait_until answers DOCKER_HOST="tcp://127.0.0.1:$port" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$PKI/client"
	assertEquals "$(docker version --format '{{.Server.Version}}')" "$(cat out)"
	run curl -sS --noproxy '*' --max-time 20 --cacert "$PKI/ca/ca.pem" "https://127.0.0.1:$port/version"
	assertNotEquals 'without a certificate' 0 "$status"
	assert_out ''
	wait_until service_log_has docker-api ' E .*the client has no certificate'
	make_pki "$dir/other" localhost
	cp "$PKI/ca/ca.pem" other/client/ca.pem
	run curl -sS --noproxy '*' --max-time 20 --cacert "$PKI/ca/ca.pem" \
		--cert other/client/cert.pem --key other/client/key.pem "https://127.0.0.1:$port/version"
	assertNotEquals 'with another certificate' 0 "$status"
	assert_out ''
	docker_over DOCKER_HOST="tcp://127.0.0.1:$port"
	assertNotEquals 'without TLS' 0 "$status"
}

test_docker_socket_renewed() {
	# the script renews what it has made, and the relay takes it up
	up "$top/docker/docker-socket/compose.yaml" || return
	published docker-api 2376
	CLIENTS='second' make_pki "$PKI" localhost 127.0.0.1 myserver.database.windows.net \
		myaccount.blob.core.windows.net mycache.redis.cache.windows.net
	compose kill -s HUP docker-api >kill.log 2>&1
	# the old client's certificate is of the same authority
	for client in client second; do
		wait_until answers DOCKER_HOST="tcp://127.0.0.1:$port" DOCKER_TLS_VERIFY=1 \
			DOCKER_CERT_PATH="$PKI/$client"
	done
	openssl x509 -in "$PKI/relay/server.pem" -noout -serial >expected
	timeout "$BOUND" openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null |
		openssl x509 -noout -serial >shown
	assertEquals "$(cat expected)" "$(cat shown)"
}

test_docker_socket_without_group() {
	# the one setting without a default is asked for
	need_compose || return
	run env -u DOCKER_GID COMPOSE_FILE="$top/docker/docker-socket/compose.yaml" \
		COMPOSE_PROJECT_NAME="$project" sh -c '
			docker compose version >/dev/null 2>&1 && exec docker compose config
			exec docker-compose config'
	assertNotEquals 0 "$status"
	assert_log err 'stat -c %g /var/run/docker.sock'
}

test_docker_loopback() {
	up "$top/docker/docker-socket/loopback.yaml" || return
	published docker-api 2375
	wait_until answers DOCKER_HOST="tcp://127.0.0.1:$port"
	assertEquals "$(docker version --format '{{.Server.Version}}')" "$(cat out)"
}

test_certificates_bad_names() {
	run "$top/docker/docker-socket/certificates" pki
	assert_status 1
	assert_log err 'usage: certificates DIRECTORY NAME'
	run "$top/docker/docker-socket/certificates" pki 'a,IP:0.0.0.0'
	assert_status 1
	assert_log err "^certificates: 'a,IP:0.0.0.0' is no name"
	run env CLIENTS=ca "$top/docker/docker-socket/certificates" pki localhost
	assert_status 1
	assert_log err "^certificates: 'ca' is taken"
	assertFalse 'nothing was made' '[ -e pki ]'
}

redis() {
	run redis-cli -p "$port" --no-auth-warning -a access-key "$@"
}

redis_answers() {
	redis ping
	[ "$(cat out)" = PONG ]
}

blob() {
	run curl -sS --noproxy '*' --max-time "$BOUND" "$@"
}

blob_answers() {
	blob -H 'Host: myaccount.blob.core.windows.net' "http://127.0.0.1:$port/container/blob"
	[ "$(cat out)" = 'a blob' ]
}

# sql_answers WAY [ARGUMENT...]: see stand_in.py.
sql_answers() {
	sql_way=$1
	shift
	run "$python" "$tests/stand_in.py" talk "$sql_way" 127.0.0.1 "$port" 'select 1' '1 tceles' "$@"
	[ "$status" -eq 0 ]
}

# Each tunnel is used by a client of its service, and checks whom it reaches.
test_azure() {
	STORAGE_CONF=$tests/docker/storage.conf COMPOSE_PROFILES=tds8
	export STORAGE_CONF COMPOSE_PROFILES
	up "$top/docker/azure/compose.yaml" "$tests/docker/azure.yaml" || return

	published redis 6380
	wait_until redis_answers
	redis set key value
	redis get key
	assert_out 'value\n'

	published storage 10000
	wait_until blob_answers
	blob --connect-to "::127.0.0.1:$port" http://myaccount.blob.core.windows.net/container/blob
	assert_out 'a blob\n'
	blob "http://127.0.0.1:$port/container/blob"
	assert_out 'InvalidUri\n'

	# the client's own TLS goes through, up to the server's certificate
	published sql 1433
	wait_until sql_answers tls --ca "$PKI/ca/ca.pem" --name myserver.database.windows.net
	# the tunnel's TLS
	published sql-strict 1433
	wait_until sql_answers tcp
	unset COMPOSE_PROFILES
}

test_azure_checks() {
	# as the image has it: an authority that it does not know is refused, and nothing gets through
	STORAGE_CONF=$tests/docker/storage.conf
	export STORAGE_CONF
	sed '/^    volumes: .*ca-certificates/d' "$tests/docker/azure.yaml" >azure.yaml
	sed -n '/ca-certificates/p' azure.yaml >remaining
	assert_file '' remaining
	need_compose || return
	recipe=$top/docker/azure/compose.yaml:$dir/azure.yaml
	compose up --detach redis >compose.log 2>&1 || { fail "$(cat compose.log)"; return; }
	published redis 6380
	redis ping
	assertNotEquals PONG "$(cat out)"
	wait_until service_log_has redis ' E .*mycache.redis.cache.windows.net.*the authority .* is not trusted'
}

test_log_forwarding() {
	LOGS=$dir/logs SYSLOG_PORT=$(free_udp_port) SOCAT_BINARY=$top/build/socat
	export LOGS SYSLOG_PORT SOCAT_BINARY
	mkdir logs
	# what a log server does at the end of a connection
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\necho "$(cat)" >>/logs/all\n' >logs/one-connection
	chmod 755 logs/one-connection
	up "$top/docker/log-forwarding/compose.yaml" "$tests/docker/log-forwarding.yaml" || return
	# each message is one, though they don't end in a newline
	wait_until logged first
	run logger --server 127.0.0.1 --port "$SYSLOG_PORT" --udp 'the last one'
	assert_status 0
	wait_log logs/all ' the last one$'
	assert_lines logs/all '<.*<' 0

	# what passes through the other relay gets to the same log
	published service-monitor 8080
	wait_until blob_is 'the answer' "http://127.0.0.1:$port/?asked"
	wait_log logs/all 'service-monitor.*GET /\?asked HTTP'
	wait_log logs/all 'service-monitor.*the answer'
}

# A packet may come before the relay listens, and is lost then.
logged() {
	logger --server 127.0.0.1 --port "$SYSLOG_PORT" --udp "$1"
	log_has logs/all " $1\$"
}

blob_is() {
	blob "$2"
	[ "$(cat out)" = "$1" ]
}

# The engine has to know the port beforehand, to send logs to it.
free_udp_port() {
	"$python" -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
