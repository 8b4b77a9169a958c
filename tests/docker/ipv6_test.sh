#!/bin/sh
# An IPv4-only web service, reached over IPv6 through our container.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

# A web server that knows nothing of IPv6, with a file of some megabytes. Sets $service (the
# container), and $service_port on this machine's 127.0.0.1.
prepare_suite() {
	mkdir "$suite_dir/www"
	echo 'Greetings over IPv4.' >"$suite_dir/www/index.html"
	random_file "$suite_dir/www/data" 3000000
	lasting container --publish 127.0.0.1::8080 --volume "$suite_dir/www:/www:ro" \
		"$base" httpd -f -p 0.0.0.0:8080 -h /www || exit 2
	service=$container
	service_port=$(docker port "$service" 8080/tcp | sed -n '1s/.*://p')
	dir=$suite_dir
	wait_until ask "http://127.0.0.1:$service_port/" || exit 2
}

ask() {
	curl -sS --fail --noproxy '*' --max-time "$BOUND" "$@"
}

# assert_served URL: page, large file and error come over IPv6 as the service gives them.
assert_served() {
	run curl -6 -sS --fail --noproxy '*' "$1/"
	assert_status 0
	assert_out 'Greetings over IPv4.\n'
	run curl -6 -sS --fail --noproxy '*' "$1/data"
	assert_status 0
	assert_same "$suite_dir/www/data" out
	run curl -6 -sS --noproxy '*' --output page --write-out '%{http_code} %{remote_ip}' "$1/none"
	assert_out '404 ::1'
}

test_service_has_no_ipv6() {
	# the service itself listens on IPv4 only
	run docker exec "$service" netstat -ltn
	assert_log out '^tcp .* 0\.0\.0\.0:8080 '
	refute_log out ':::8080 '
	assertEquals "8080/tcp -> 127.0.0.1:$service_port" "$(docker port "$service")"
}

test_published() {
	# the relay's port is published on ::1, the service is in another container
	have_ipv6 || return
	listening --publish '[::1]::80' "$image" -d -d \
		tcp6-listen:80,fork,reuseaddr "tcp4:$(address_of "$service"):8080"
	assert_served "http://[::1]:$port"
	assertEquals 'published on ::1 only' "80/tcp -> [::1]:$port" "$(docker port "$container")"
}

test_host_network() {
	# the relay listens on the host's ::1 itself, the service is at the host's 127.0.0.1
	have_ipv6 || return
	listening --network host "$image" -d -d \
		'tcp6-listen:0,bind=[::1],fork,reuseaddr' "tcp4:127.0.0.1:$service_port"
	port=$(port_of container.log)
	assert_served "http://[::1]:$port"
}

test_many_requests() {
	# forty clients at once get the whole file
	have_ipv6 || return
	listening --network host "$image" -d -d \
		'tcp6-listen:0,bind=[::1],fork,reuseaddr' "tcp4:127.0.0.1:$service_port"
	port=$(port_of container.log)
	for number in $(seq 40); do
		start "$number" curl -6 -sS --fail --noproxy '*' "http://[::1]:$port/data"
	done
	for client in $started; do
		finish "$client"
		assertEquals 0 "$status"
	done
	for number in $(seq 40); do
		assert_same "$suite_dir/www/data" "$number.out"
	done
	assertEquals 'processes forked' 0 "$(count_children "$pid")"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
