#!/bin/sh
# Command lines as guides to socat have them, word for word, with stand-ins for the services they
# name. What is run here begins with "socat" or is a shell's or Python's line around it; the host
# "near" runs it, "far" has the services, under their names and on their own ports.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_root || { . /usr/share/shunit2/shunit2; exit; }
# shellcheck source=tests/hosts.sh
. "$tests/hosts.sh"

# Every line of the guides; "line" takes note of those that were run. PORT, HOST and "..." are the
# reader's to fill in: "line" is told what stands for them.
all_lines() {
	cat <<-'END'
		socat TCP-LISTEN:8080,fork -
		socat - TCP:localhost:8080
		socat UDP-LISTEN:514,fork -
		socat UNIX-LISTEN:/tmp/socket,fork -
		socat OPENSSL-LISTEN:443,cert=server.pem,fork -
		socat PIPE:/tmp/pipe -
		socat TCP-LISTEN:8080,fork TCP:target-host:80
		socat -v OPENSSL-LISTEN:8443,cert=server.pem,fork TCP:container:443
		socat -v - OPENSSL:localhost:8443,verify=0
		socat -v TCP-LISTEN:8080,fork TCP:api.example.com:80
		socat -v OPENSSL-LISTEN:8443,cert=server.pem,fork OPENSSL:api.example.com:443,verify=0
		socat UDP-LISTEN:514,fork TCP:logserver:514
		socat TCP-LISTEN:80,fork,reuseaddr TCP:target:80,keepalive
		socat TCP-LISTEN:80,fork,reuseaddr,max-children=10 TCP:target:80
		socat -v TCP-LISTEN:8080,fork,retry=10 TCP:target:80,forever
		socat TCP-LISTEN:8080,fork TCP:target:80,connect-timeout=5
		socat -v TCP-LISTEN:PORT,fork TCP:HOST:PORT 2>&1 | logger -t service-monitor
		for backend in ...; do socat -v TCP-LISTEN:8080,fork TCP:$backend:80; done
		socat TCP-LISTEN:1433,fork,reuseaddr OPENSSL:myserver.database.windows.net:1433,verify=0
		socat TCP-LISTEN:10000,fork,reuseaddr OPENSSL:myaccount.blob.core.windows.net:443,verify=0
		socat TCP-LISTEN:6380,fork OPENSSL:mycache.redis.cache.windows.net:6380,verify=0
		subprocess.Popen(['socat', 'TCP-LISTEN:8443,fork,reuseaddr', 'TCP:myapp.azurewebsites.net:443'])
		socat TCP6-LISTEN:255,reuseaddr,fork TCP4:127.0.0.1:255
		socat TCP-LISTEN:8080,fork TCP:service:80
		socat OPENSSL-LISTEN:8443,cert=/certs/server.pem,fork TCP:secure-service:443
		socat TCP-LISTEN:15000,fork TCP:localhost:15000
		socat -v TCP-LISTEN:8080,fork TCP:problem-service:80
	END
}

# Each service has an address of its own, so that nobody is taken for another one.
names='target-host container api.example.com logserver target backend1 backend2 backend3
	myserver.database.windows.net myaccount.blob.core.windows.net
	mycache.redis.cache.windows.net myapp.azurewebsites.net
	service secure-service problem-service web db cache'

# A place outside /tmp for the program under its usual name, and for what the lines find at home.
mount -t tmpfs -o mode=755 home /mnt && mkdir -p /mnt/certs && : >/mnt/socat &&
	mount --bind "$SOCAT" /mnt/socat || exit 2
PATH=/mnt:$PATH

oneTimeSetUp() {
	make_hosts || exit 2
	wait_until links_are_up
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost' >/mnt/hosts
	number=10
	for name in $names; do
		echo "10.9.0.$number $name" >>/mnt/hosts
		ip -n far addr add "10.9.0.$number/24" dev far0
		number=$((number + 1))
	done
	mount --bind /mnt/hosts /etc/hosts || exit 2
	# shellcheck disable=SC2086 # names
	"$root/docker/docker-socket/certificates" /mnt/pki localhost $names >/mnt/pki.log 2>&1 ||
		{ cat /mnt/pki.log; exit 2; }
	cat /mnt/pki/client/cert.pem /mnt/pki/client/key.pem >/mnt/client.pem
	ca=/mnt/pki/ca/ca.pem
	# and one that nobody vouches for, for the services of lines with verify=0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj /CN=own \
		-keyout /mnt/own.key -out /mnt/own.crt 2>/mnt/own.log || { cat /mnt/own.log; exit 2; }
	cat /mnt/own.crt /mnt/own.key >/mnt/own.pem
	# whom this machine trusts is none of the tests' business
	SSL_CERT_FILE=$ca
	export SSL_CERT_FILE
	: >/mnt/lines
}

oneTimeTearDown() {
	umount -l /mnt 2>/dev/null
	:
}

# stand_in NAME PORT [ARGUMENT...]: the service of that name, on its host.
stand_in() {
	stand_in_name=$1 stand_in_port=$2
	shift 2
	start "$stand_in_name" ip netns exec far "$python" "$tests/stand_in.py" serve "$stand_in_name" \
		"$(awk -v name="$stand_in_name" '$2 == name { print $1 }' /mnt/hosts)" "$stand_in_port" "$@"
	wait_log "$stand_in_name.out" '^ready$'
}

# line LINE [SED]: run it on host near, after an edit of what its reader has to fill in. What is
# written to descriptor 9 is its input, its output the file line.out.
line() {
	printf '%s\n' "$1" >>/mnt/lines
	cp /mnt/pki/relay/server.pem .
	[ -p input ] || mkfifo input
	start_with input line ip netns exec near sh -c "$(printf '%s\n' "$1" | sed "${2:-}")"
	line=$pid
	exec 9>input
}

# listens PORT [t|u]: until somebody on host near does.
listens() {
	wait_until has_listener "$@"
}

has_listener() {
	ip netns exec near ss "-${2:-t}lnH" "sport = :$1" | grep -q .
}

# talk WAY HOST PORT SEND EXPECT...: see stand_in.py.
talk() {
	run ip netns exec near "$python" "$tests/stand_in.py" talk "$@"
	assert_status 0
}

# answered WAY PORT NAME [ARGUMENT...]: by that service, through the line that listens there.
answered() {
	answered_way=$1 answered_port=$2 answered_name=$3
	shift 3
	listens "$answered_port"
	talk "$answered_way" localhost "$answered_port" "for $answered_name" \
		"$answered_name heard for $answered_name" "$@"
	assert_log "$answered_name.out" "^for $answered_name\$"
}

# terminal WAY HOST PORT [ARGUMENT...]: a client of a line with "-", what it says is read and what is
# typed gets to it.
terminal() {
	terminal_way=$1 terminal_host=$2 terminal_port=$3
	shift 3
	start client ip netns exec near "$python" "$tests/stand_in.py" talk "$terminal_way" \
		"$terminal_host" "$terminal_port" 'said by the client' 'typed in' "$@"
	talking=$pid
	wait_log line.out '^said by the client$'
	echo 'typed in' >&9
	finish "$talking"
	assertEquals "the client's status ($(cat client.out client.log))" 0 "$status"
}

# seen TEXT...: -v has shown these on standard error.
seen() {
	for text; do
		wait_log line.log "$text"
	done
}

client_certificate='--ca /mnt/pki/ca/ca.pem --cert /mnt/client.pem'

# ---- on the command line

test_tcp_listen_terminal() {
	line 'socat TCP-LISTEN:8080,fork -'
	listens 8080
	terminal tcp localhost 8080
}

test_tcp_terminal() {
	start server ip netns exec near "$python" "$tests/stand_in.py" serve server 127.0.0.1 8080
	wait_log server.out ready
	line 'socat - TCP:localhost:8080'
	echo typed in >&9
	wait_log line.out '^server heard typed in$'
	exec 9>&-
	finish "$line"
	assertEquals 0 "$status"
}

test_udp_listen_terminal() {
	line 'socat UDP-LISTEN:514,fork -'
	listens 514 u
	terminal udp 127.0.0.1 514
}

test_unix_listen_terminal() {
	# with a /tmp of its own
	mkdir tmp
	line 'socat UNIX-LISTEN:/tmp/socket,fork -' "s|^|mount --bind '$dir/tmp' /tmp \&\& exec |"
	wait_until test -S tmp/socket
	terminal unix "$dir/tmp/socket" 0
}

test_openssl_listen_terminal() {
	# who has no certificate of the authority is refused, since nothing is said of verify
	line 'socat OPENSSL-LISTEN:443,cert=server.pem,fork -'
	listens 443
	# shellcheck disable=SC2086 # several words
	terminal tls localhost 443 $client_certificate
	run ip netns exec near "$python" "$tests/stand_in.py" talk tls localhost 443 stranger none --ca "$ca"
	assert_status 1
	wait_log line.log ' E .*client.* certificate'
	refute_log line.out stranger
}

test_pipe_terminal() {
	# a named pipe: what others write to it is read, and so is what is typed in
	mkdir tmp
	line 'socat PIPE:/tmp/pipe -' "s|^|mount --bind '$dir/tmp' /tmp \&\& exec |"
	wait_until test -p tmp/pipe
	echo 'written by another' >tmp/pipe
	wait_log line.out '^written by another$'
	echo 'typed in' >&9
	wait_log line.out '^typed in$'
}

test_tcp_forward() {
	stand_in target-host 80
	line 'socat TCP-LISTEN:8080,fork TCP:target-host:80'
	answered tcp 8080 target-host
	answered tcp 8080 target-host
}

test_tls_to_tcp() {
	stand_in container 443
	line 'socat -v OPENSSL-LISTEN:8443,cert=server.pem,fork TCP:container:443'
	# shellcheck disable=SC2086 # several words
	answered tls 8443 container $client_certificate
	seen '^for container$' '^container heard for container$'
}

test_tls_terminal() {
	# the certificate is of the making of the server itself
	start server ip netns exec near "$python" "$tests/stand_in.py" serve server 127.0.0.1 8443 --tls /mnt/own.pem
	wait_log server.out ready
	line 'socat -v - OPENSSL:localhost:8443,verify=0'
	echo typed in >&9
	wait_log line.out '^server heard typed in$'
	seen '^typed in$'
	exec 9>&-
	finish "$line"
	assertEquals 0 "$status"
}

test_look_at_http() {
	stand_in api.example.com 80
	line 'socat -v TCP-LISTEN:8080,fork TCP:api.example.com:80'
	answered tcp 8080 api.example.com
	seen '^> .*length=20' '^for api.example.com$' '^< .*length=' '^api.example.com heard for'
}

test_look_into_tls() {
	stand_in api.example.com 443 --tls /mnt/own.pem
	line 'socat -v OPENSSL-LISTEN:8443,cert=server.pem,fork OPENSSL:api.example.com:443,verify=0'
	# shellcheck disable=SC2086 # several words
	answered tls 8443 api.example.com $client_certificate
	seen '^for api.example.com$' '^api.example.com heard for'
}

test_syslog() {
	stand_in logserver 514
	line 'socat UDP-LISTEN:514,fork TCP:logserver:514'
	listens 514 u
	talk udp 127.0.0.1 514 '<13>one' 'logserver heard <13>one'
	talk udp 127.0.0.1 514 '<13>two' 'logserver heard <13>two'
	assert_lines logserver.out '^<13>(one|two)$' 2
}

test_keepalive() {
	stand_in target 80
	line 'socat TCP-LISTEN:80,fork,reuseaddr TCP:target:80,keepalive'
	answered tcp 80 target
}

test_max_children() {
	# all ten are served at once
	stand_in target 80
	line 'socat TCP-LISTEN:80,fork,reuseaddr,max-children=10 TCP:target:80'
	answered tcp 80 target
	run ip netns exec near "$python" "$tests/stand_in.py" open localhost 80 10
	assert_status 0
	for number in 0 1 2 3 4 5 6 7 8 9; do
		echo "target heard $number"
	done >expected
	assertEquals "$(cat expected)" "$(cat out)"
}

test_service_comes_later() {
	line 'socat -v TCP-LISTEN:8080,fork,retry=10 TCP:target:80,forever'
	listens 8080
	start early ip netns exec near "$python" "$tests/stand_in.py" talk tcp localhost 8080 early 'target heard early'
	early=$pid
	wait_until has_client 8080
	stand_in target 80
	finish "$early"
	assertEquals "$(cat early.out early.log)" 0 "$status"
	answered tcp 8080 target
	seen '^early$' '^target heard early$'
}

has_client() {
	ip netns exec near ss -tnH state established "sport = :$1" | grep -q .
}

test_connect_timeout() {
	stand_in target 80
	line 'socat TCP-LISTEN:8080,fork TCP:target:80,connect-timeout=5'
	answered tcp 8080 target
}

test_monitors() {
	# three of them in the background; what they show gets to the log, under their tag
	printf '#!/bin/sh\nexec "%s" --socket "%s" "$@"\n' "$(command -v logger)" "$dir/log" >/mnt/logger
	chmod 755 /mnt/logger
	start log "$SOCAT" -u UNIX-RECV:log -
	wait_until test -S log
	for service in web:8001 db:8002 cache:8003; do
		stand_in "${service%:*}" "${service#*:}"
		printf '%s\n' "s/PORT/${service#*:}/g; s/HOST/${service%:*}/; s/\$/ \\&/p; g" >>edit
	done
	line 'socat -v TCP-LISTEN:PORT,fork TCP:HOST:PORT 2>&1 | logger -t service-monitor' \
		"h; $(cat edit); s/.*/wait/"
	for service in web:8001 db:8002 cache:8003; do
		answered tcp "${service#*:}" "${service%:*}"
	done
	for service in web db cache; do
		wait_log log.out "service-monitor: for $service(<|\$)"
		wait_log log.out "service-monitor: $service heard for $service(<|\$)"
	done
}

test_backends() {
	# one after the other, as each relay is ended
	for backend in backend1 backend2 backend3; do
		stand_in "$backend" 80
	done
	# shellcheck disable=SC2016 # the line's own
	line 'for backend in ...; do socat -v TCP-LISTEN:8080,fork TCP:$backend:80; done' \
		's/\.\.\./backend1 backend2 backend3/'
	for backend in backend1 backend2 backend3; do
		answered tcp 8080 "$backend"
		seen "^$backend heard for $backend\$"
		kill -TERM "$(children "$line" | tr -d ' ')"
		wait_until no_listener 8080 "$backend"
	done
	finish "$line"
}

# no_listener PORT NAME: the relay to that one has ended.
no_listener() {
	! pgrep --parent "$line" --full "TCP:$2:" >/dev/null
}

# ---- Azure

test_azure_sql() {
	stand_in myserver.database.windows.net 1433 --tls /mnt/own.pem
	line 'socat TCP-LISTEN:1433,fork,reuseaddr OPENSSL:myserver.database.windows.net:1433,verify=0'
	answered tcp 1433 myserver.database.windows.net
}

test_azure_storage() {
	stand_in myaccount.blob.core.windows.net 443 --tls /mnt/own.pem
	line 'socat TCP-LISTEN:10000,fork,reuseaddr OPENSSL:myaccount.blob.core.windows.net:443,verify=0'
	answered tcp 10000 myaccount.blob.core.windows.net
}

test_azure_redis() {
	stand_in mycache.redis.cache.windows.net 6380 --tls /mnt/own.pem
	line 'socat TCP-LISTEN:6380,fork OPENSSL:mycache.redis.cache.windows.net:6380,verify=0'
	answered tcp 6380 mycache.redis.cache.windows.net
}

test_azure_web_app() {
	# started by a program in Python; TLS is between the client and the service, which is checked
	stand_in myapp.azurewebsites.net 443 --tls /mnt/pki/relay/server.pem
	line "subprocess.Popen(['socat', 'TCP-LISTEN:8443,fork,reuseaddr', 'TCP:myapp.azurewebsites.net:443'])" \
		"s|.*|exec $python -c \"import subprocess; &.wait()\"|"
	answered tls 8443 myapp.azurewebsites.net --ca "$ca" --name myapp.azurewebsites.net
}

# ---- Kubernetes, and the image's own

test_make_run() {
	# IPv6 in front of a service that has only IPv4, on the same port: the kernel has to know that
	# one does not mean the other
	ip netns exec near sh -c 'echo 1 >/proc/sys/net/ipv6/bindv6only'
	start old ip netns exec near "$python" "$tests/stand_in.py" serve old 127.0.0.1 255
	wait_log old.out ready
	line 'socat TCP6-LISTEN:255,reuseaddr,fork TCP4:127.0.0.1:255'
	wait_until has_ipv6_listener
	talk tcp ::1 255 new 'old heard new'
	ip netns exec near sh -c 'echo 0 >/proc/sys/net/ipv6/bindv6only'
}

has_ipv6_listener() {
	ip netns exec near ss -6tlnH 'sport = :255' | grep -q .
}

test_kubernetes_service() {
	stand_in service 80
	line 'socat TCP-LISTEN:8080,fork TCP:service:80'
	answered tcp 8080 service
}

test_kubernetes_secure_service() {
	# a mounted secret
	stand_in secure-service 443
	mkdir certs
	cp /mnt/pki/relay/server.pem certs
	line 'socat OPENSSL-LISTEN:8443,cert=/certs/server.pem,fork TCP:secure-service:443' \
		"s|/certs|$dir/certs|"
	# shellcheck disable=SC2086 # several words
	answered tls 8443 secure-service $client_certificate
}

test_kubernetes_same_port() {
	# to a service at ::1, which is what localhost has to mean, or the relay would reach itself
	start server ip netns exec near "$python" "$tests/stand_in.py" serve server ::1 15000
	wait_log server.out ready
	line 'socat TCP-LISTEN:15000,fork TCP:localhost:15000' 's/^/SOCAT_PREFERRED_RESOLVE_IP=6 /'
	wait_until has_ipv4_listener
	talk tcp 127.0.0.1 15000 x 'server heard x'
}

test_kubernetes_same_port_is_taken() {
	# where the service is at 127.0.0.1, one line says that there is no room for another one
	start server ip netns exec near "$python" "$tests/stand_in.py" serve server 127.0.0.1 15000
	wait_log server.out ready
	line 'socat TCP-LISTEN:15000,fork TCP:localhost:15000'
	finish "$line"
	assertEquals 1 "$status"
	assert_log line.log " E .*TCP-LISTEN:15000.*$in_use"
}

has_ipv4_listener() {
	ip netns exec near ss -4tlnH 'sport = :15000' | grep -q .
}

test_kubernetes_job() {
	stand_in problem-service 80
	line 'socat -v TCP-LISTEN:8080,fork TCP:problem-service:80'
	answered tcp 8080 problem-service
	seen '^for problem-service$' '^problem-service heard for problem-service$'
}

# The last one.
test_no_line_is_forgotten() {
	all_lines | sort >all
	assertEquals 'lines run' "$(cat all)" "$(sort -u /mnt/lines)"
	assertEquals 'lines' 27 "$(sort -u all | wc -l)"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
