#!/bin/sh
# The manifests of docker/kubernetes: read strictly (manifest.py), and their pods run in containers
# with all that the manifests say of them (pods.py), with stand-ins for what they lead to.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/docker/images.sh
. "$tests/docker/images.sh"

manifests=$top/docker/kubernetes
app_image=socat-test-app

prepare_suite() {
	dir=$suite_dir
	{ make_nginx && make_redis && make_app; } || { echo 'no images to test with' >&2; exit 2; }
	PKI=$suite_dir/pki
	make_pki "$PKI" localhost azure-tunnel myserver.database.windows.net \
		myaccount.blob.core.windows.net mycache.redis.cache.windows.net || exit 2
	make_secrets
	# stand-ins for all pods
	lasting container "$base" sh -c \
		'mkdir /www && echo the answer >/www/index.html && exec httpd -f -p 80 -h /www' || exit 2
	service=$(address_of "$container")
	lasting container --volume "$PKI/relay:/relay:ro" "$redis_image" --port 0 --tls-port 6380 \
		--tls-auth-clients no --requirepass access-key --save '' --tls-cert-file /relay/server.pem \
		--tls-key-file /relay/server.pem --tls-ca-cert-file /relay/clients-ca.pem || exit 2
	redis=$(address_of "$container")
	lasting container --volume "$PKI/relay:/relay:ro" \
		--volume "$tests/docker/storage.conf:/etc/nginx/conf.d/default.conf:ro" "$nginx_image" || exit 2
	storage=$(address_of "$container")
	# as long as it is only forwarded, what the stream is does not matter
	lasting container "$base" nc -ll -p 1433 -e cat || exit 2
	sql=$(address_of "$container")
}

# An application that serves HTTP at 127.0.0.1 and knows nothing of TLS.
make_app() {
	docker image inspect "$app_image" >/dev/null 2>&1 && return
	made=$(docker create "$base" sh -c 'mkdir /www && echo the application >/www/index.html
		echo "cd /www; httpd -f -p 127.0.0.1:8080 & trap \"kill \$!\" TERM; wait" >/serve') &&
		docker start --attach "$made" &&
		docker commit --change 'CMD ["sh", "/serve"]' "$made" "$app_image" >/dev/null &&
		docker rm "$made" >/dev/null
}

# As kubectl makes them from files.
make_secrets() {
	mkdir "$suite_dir/certs" "$suite_dir/tls"
	cp "$PKI/relay/server.pem" "$suite_dir/certs/server.pem"
	openssl x509 -in "$PKI/relay/server.pem" -out "$suite_dir/tls/tls.crt"
	openssl pkey -in "$PKI/relay/server.pem" -out "$suite_dir/tls/tls.key"
	cp "$PKI/ca/ca.pem" "$suite_dir/tls/ca.crt"
}

pods() {
	"$python" "$tests/docker/pods.py" "$@"
}

# up FILE KIND/NAME [OPTION...]: a pod of it, ready; its address is in $address.
up() {
	up_file=$1 up_object=$2
	shift 2
	pods up "$manifests/$up_file" "$up_object" "$dir/pod" --label "socat.test=$$" \
		--image "socat=$image" --image "app=$app_image" "$@" 2>pods.log ||
		{ fail "$(cat pods.log)"; return 1; }
	address=$(pods address "$dir/pod")
}

# down: it ends in the time that it is given.
down() {
	run "$python" "$tests/docker/pods.py" down "$dir/pod"
	assert_status 0
}

# in_pod CONTAINER COMMAND...: kubectl exec.
in_pod() {
	in_container=$(pods id "$dir/pod" "$1")
	shift
	docker exec "$in_container" "$@"
}

# inside COMMAND...: a program of this machine in the pod's network.
inside() {
	run nsenter --net="/proc/$(process_of "$(pods id "$dir/pod" "$in")")/ns/net" "$@"
}

fetch() {
	run curl -sS --noproxy '*' --max-time "$BOUND" "$@"
}

fetches() {
	want=$1
	shift
	fetch "$@"
	[ "$(cat out)" = "$want" ]
}

pod_log_has() {
	container_log_has "$(pods id "$dir/pod" "$1")" "$2"
}

# ---- the manifests

test_manifests_are_valid() {
	run "$python" "$tests/docker/manifest.py" "$manifests"/*.yaml
	assert_status 0
	assert_out ''
	assertEquals 'manifests' 7 "$(find "$manifests" -name '*.yaml' | wc -l)"
}

# refused SED MESSAGE: forwarder.yaml with that edit is refused with that message.
refused() {
	sed "$1" "$manifests/forwarder.yaml" >edited.yaml
	assertFalse "$1 changes nothing" "cmp -s '$manifests/forwarder.yaml' edited.yaml"
	run "$python" "$tests/docker/manifest.py" edited.yaml
	assertEquals "$1: $(cat out)" 1 "$status"
	assert_log out "^edited.yaml: .*$2"
}

test_wrong_manifests_are_found() {
	# otherwise the test before would mean nothing
	refused 's/replicas: 2/&\n  replicas: 3/' "a second 'replicas'"
	refused 's/replicas: 2/replica: 2/' "unknown field 'replica'"
	refused "s/replicas: 2/replicas: '2'/" "is not from 0 to 100"
	refused 's/  selector:/  on: x\n&/' 'is no string'
	refused 's/value: .service:80./value: 80/' '80 is no str'
	refused '/^  selector:/,/matchLabels/d' "'selector' is missing"
	refused 's/matchLabels: {app: forwarder}/matchLabels: {app: other}/' 'does not choose'
	refused 's/  selector: {app: forwarder}/  selector: {app: other}/' 'chooses no pod'
	refused 's/targetPort: relay/targetPort: http/' "no container has the port 'http'"
	refused 's/port: 80,/port: 0,/' '0 is not from 1 to 65535'
	refused 's/containerPort: 8080/containerPort: 80/' 'a port below 1024'
	refused 's/containerPort: 8080/&, hostPort: 8080/' 'a port of the host'
	refused "s/- '25'/- '35'/" 'killed before the 40 seconds'
	refused 's/terminationGracePeriodSeconds: 40/terminationGracePeriodSeconds: 30/' 'killed before'
	refused 's/allowPrivilegeEscalation: false/allowPrivilegeEscalation: true/' 'allowPrivilegeEscalation is not'
	refused '/allowPrivilegeEscalation/d' 'allowPrivilegeEscalation is not'
	refused 's/readOnlyRootFilesystem: true/privileged: true/' 'restricted: privileged'
	refused '/readOnlyRootFilesystem/d' 'can be written to'
	refused '/runAsNonRoot/d' 'runAsNonRoot is not'
	refused 's/runAsUser: 255/runAsUser: 0/' 'runAsUser is 0'
	refused 's/type: RuntimeDefault/type: Unconfined/' 'seccompProfile is not'
	refused '/seccompProfile/d' 'seccompProfile is not'
	refused 's/drop: \[ALL\]/drop: [CHOWN]/' 'not all capabilities are dropped'
	refused 's/drop: \[ALL\]/&, add: [NET_ADMIN]/' 'capabilities are added'
	refused 's/limits: .*/limits: {cpu: 10m}/' 'no limit of memory'
	refused 's/memory: 128Mi/memory: 128MB/' 'is no quantity'
	refused 's/automountServiceAccountToken: false/hostNetwork: true/' 'restricted: hostNetwork'
	refused 's/kind: Service/kind: Services/' 'unknown kind v1 Services'
	refused 's/image: socat:latest/&\n          volumeMounts: [{name: x, mountPath: \/x}]/' "no volume 'x'"
	refused 's/image: socat:latest/&\n          startupProbe: {httpGet: {port: none}}/' "no port 'none'"
	refused 's/image: socat:latest/&\n          startupProbe: {periodSeconds: 1}/' 'one way to ask'
	refused 's/name: socat$/name: \&anchor socat/; s/image: socat:latest/image: *anchor/' 'an alias'
	refused 's/maxSurge: 1/maxSurge: 1: 2/' '.'
}

# ---- the pods

# exec_line NAME LINE: kubectl exec -it socat-debug -- LINE, without the terminal.
exec_line() {
	# shellcheck disable=SC2086 # words as a shell would have them
	start "$1" docker exec "$(pods id "$dir/pod" socat)" $2
}

test_debug_pod() {
	# the lines for kubectl exec, word for word, in a pod that only sleeps
	up debug-pod.yaml Pod/socat-debug --secret "socat-debug-certs=$suite_dir/certs" \
		--host "service=$service" --host "secure-service=$storage" \
		--mount "$PKI/relay/clients-ca.pem=/etc/ssl/certs/ca-certificates.crt" || return
	for line in 'socat TCP-LISTEN:8080,fork TCP:service:80' \
		'socat OPENSSL-LISTEN:8443,cert=/certs/server.pem,fork TCP:secure-service:443' \
		'socat TCP-LISTEN:15000,fork TCP:localhost:15000'; do
		assert_log "$manifests/debug-pod.yaml" "^#   kubectl exec -it socat-debug -- $line\$"
	done
	exec_line plain 'socat TCP-LISTEN:8080,fork TCP:service:80'
	wait_until fetches 'the answer' "http://$address:8080/"
	# what comes out of the TLS goes to the service as it is: nginx says what it expected
	exec_line tls 'socat OPENSSL-LISTEN:8443,cert=/certs/server.pem,fork TCP:secure-service:443'
	wait_until says 'plain HTTP request was sent to HTTPS port' --cacert "$PKI/ca/ca.pem" \
		--cert "$PKI/client/cert.pem" --key "$PKI/client/key.pem" \
		--connect-to "::$address:8443" https://localhost/
	# a service at 127.0.0.1 has the port; at ::1 it would not
	exec_line same 'socat TCP-LISTEN:15000,fork TCP:localhost:15000'
	wait_until listens 15000
	down
}

says() {
	said=$1
	shift
	fetch "$@"
	log_has out "$said"
}

# listens PORT: somebody does in the pod.
listens() {
	in=socat
	inside ss -tlnH "sport = :$1"
	[ -s out ]
}

test_pod() {
	up pod.yaml Pod/socat-forward --host "service=$service" || return
	wait_until fetches 'the answer' "http://$address:8080/"
	down
}

test_job() {
	# what passes is in its log
	up job.yaml Job/socat-trace --host "problem-service=$service" || return
	wait_until fetches 'the answer' "http://$address:8080/?asked"
	wait_until pod_log_has socat '^GET /\?asked HTTP'
	wait_until pod_log_has socat '^the answer$'
	down
}

test_forwarder() {
	# a session that is open when the pod is told to end goes on to its own end
	up forwarder.yaml Deployment/forwarder --host "service=$service" || return
	wait_until fetches 'the answer' "http://$address:8080/"
	mkfifo words
	start_with words client "$SOCAT" - "TCP:$address:8080"
	client=$pid
	exec 9>words
	echo 'GET / HTTP/1.0' >&9
	start ending "$python" "$tests/docker/pods.py" down "$dir/pod"
	ending=$pid
	wait_until pod_log_has socat ' W exiting on signal 15$'
	fetch --output page --write-out '%{http_code}' "http://$address:9100/readyz"
	assert_out 503
	fetch --output page --write-out '%{http_code}' "http://$address:9100/healthz"
	assert_out 200
	echo >&9
	wait_log client.out '^the answer$'
	exec 9>&-
	finish "$client"
	assertEquals 'client' 0 "$status"
	finish "$ending"
	assertEquals "down: $(cat ending.log)" 0 "$status"
}

test_sidecar() {
	# TLS outside, plain HTTP within the pod, where nobody else gets at it
	up sidecar.yaml Deployment/app --secret "app-tls=$suite_dir/tls" || return
	wait_until fetches 'the application' --cacert "$PKI/ca/ca.pem" --connect-to "::$address:8443" \
		https://azure-tunnel/
	fetch "http://$address:8080/"
	assertEquals 'refused' 7 "$status"
	down
}

redis_answers() {
	inside redis-cli -p 6379 --no-auth-warning -a access-key ping
	[ "$(cat out)" = PONG ]
}

test_aks_sidecar() {
	# from within the pod, to all three; from outside nobody gets in
	up aks-sidecar.yaml Deployment/app --host "myserver.database.windows.net=$sql" \
		--host "myaccount.blob.core.windows.net=$storage" --host "mycache.redis.cache.windows.net=$redis" \
		--mount "$PKI/relay/clients-ca.pem=/etc/ssl/certs/ca-certificates.crt" || return
	in=app
	wait_until redis_answers
	inside curl -sS --noproxy '*' --max-time "$BOUND" -H 'Host: myaccount.blob.core.windows.net' \
		http://127.0.0.1:10000/
	assert_out 'a blob\n'
	inside "$python" "$tests/peer.py" client ask 127.0.0.1:1433 forwarded
	assert_out 'forwarded'
	for port in 1433 6379 10000; do
		fetch "http://$address:$port/"
		assertEquals "$port: refused" 7 "$status"
	done
	down
}

tunnel() {
	run redis-cli -h "$address" -p 6380 --tls --cacert "$PKI/ca/ca.pem" --sni azure-tunnel \
		--no-auth-warning -a access-key "$@"
}

tunnel_answers() {
	tunnel --cert "$PKI/client/cert.pem" --key "$PKI/client/key.pem" ping
	[ "$(cat out)" = PONG ]
}

test_aks_gateway() {
	# TLS on both sides, and only for clients with a certificate
	up aks-gateway.yaml Deployment/azure-tunnel --secret "azure-tunnel-tls=$suite_dir/tls" \
		--host "myserver.database.windows.net=$sql" \
		--host "myaccount.blob.core.windows.net=$storage" --host "mycache.redis.cache.windows.net=$redis" \
		--mount "$PKI/relay/clients-ca.pem=/etc/ssl/certs/ca-certificates.crt" || return
	wait_until tunnel_answers
	tunnel ping
	refute_log out PONG
	wait_until pod_log_has redis ' E .*the client has no certificate'
	wait_until fetches 'a blob' --cacert "$PKI/ca/ca.pem" --cert "$PKI/client/cert.pem" \
		--key "$PKI/client/key.pem" --connect-to "::$address:10443" \
		-H 'Host: myaccount.blob.core.windows.net' https://azure-tunnel/
	client ask "$address:1433" forwarded
	assert_out 'forwarded'
}

test_unknown_authority() {
	# without ours among those of the image the tunnel refuses the server
	up aks-sidecar.yaml Deployment/app --host "mycache.redis.cache.windows.net=$redis" || return
	in=app
	inside redis-cli -p 6379 --no-auth-warning -a access-key ping
	refute_log out PONG
	wait_until pod_log_has redis ' E .*the authority .* is not trusted'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
