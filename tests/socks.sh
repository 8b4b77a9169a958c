# Helpers of the suites about SOCKS, to be sourced after own_namespace: all of it lives in a network
# of its own, so that every port is ours.
# shellcheck shell=sh disable=SC2034,SC2154

# Answers of servers, in hexadecimal.
granted4=005a000000000000
no_login=0500 password=0502 welcome=0100
granted5=050000017f0000010050
came5=050000010a0102031234

# socks_server NAME MODE...: sets $server_port.
socks_server() {
	peer_server "$tests/socks_peer.py" "$@"
}

# script NAME STEP...
script() {
	script_name=$1
	shift
	socks_server "$script_name" script "$@"
}

# heard NAME: what a script's steps hear:N took, a line each.
heard() {
	sed -n 's/^heard //p' "$1.out" | paste -s -d ' '
}

# proxied NAME: a server that works, at $proxy_port; $server_port stays that of the target.
proxied() {
	target_port=${server_port:-}
	socks_server "$1" proxy
	proxy_port=$server_port server_port=$target_port
}

# asks EXPECTED STEPS ADDRESS: with PORT replaced; the script's steps hear just that.
asks() {
	expected=$1 steps=$2
	# shellcheck disable=SC2086
	script server $steps
	address=$(echo "$3" | sed "s/PORT/$server_port/")
	given hello
	run "$SOCAT" -t 10 - "$address" <in
	assertEquals "status of $address: $(tail -n 1 err)" 0 "$status"
	assert_out hello
	assertEquals "said by $address" "$expected" "$(heard server)"
	stop "$server_pid"
}

# bound NAME [COUNT]: sets $port to where the server listens for that relay.
bound() {
	wait_log "$1.log" ' N listening on remote host ' "${2:-1}" || return 1
	port=$(sed -n 's/.* N listening on remote host .*:\([0-9]*\)$/\1/p' "$1.log" | tail -n 1)
}
