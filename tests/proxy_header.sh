# Helpers of the suites about the PROXY protocol; the peers are proxy_peer.py's. Sourced after lib.sh,
# in a network namespace of their own.
# shellcheck shell=sh disable=SC2034,SC2154

ip address add 2001:db8::7/128 dev lo nodad 2>/dev/null

# A program that tells what it knows of its client, and then sends back what comes.
# shellcheck disable=SC2016
who='SYSTEM:"echo $SOCAT_PEERADDR $SOCAT_PEERPORT $SOCAT_SOCKADDR $SOCAT_SOCKPORT; cat"'
trusted="accept-proxy,accept-proxy-from=127.0.0.0/8:[::]/0"

# header VERSION KIND ...: in hexadecimal, see proxy_peer.py.
header() {
	"$python" "$tests/proxy_peer.py" header "$@"
}

# peer MODE ...: files out and err, $status.
peer() {
	run "$python" "$tests/proxy_peer.py" "$@"
}

hex() {
	od -An -v -tx1 | tr -d ' \n'
}

# client_port LOG: the port of the client whose connection the log tells of first.
client_port() {
	sed -n 's/.* N accepting connection from .*:\([0-9]*\) on .*/\1/p' "$1" | head -n 1
}

hello=$(printf hello | hex)
v1=$(header 1 tcp4 192.0.2.7 51234 198.51.100.1 80)
v2=$(header 2 tcp4 192.0.2.7 51234 198.51.100.1 80)
seen='192.0.2.7 51234 198.51.100.1 80\n'
