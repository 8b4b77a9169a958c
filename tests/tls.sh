# Helpers of the suites about TLS: certificates of all sorts, and peers (see tls_peer.py).
# Sourced after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154
#
# The certificates are made once per suite and live in $pki. For each NAME there are
#   NAME.crt  the certificate          NAME.key  its private key (PKCS#8)
#   NAME.pem  both, and below an intermediate authority the chain
# and of the authorities ca.crt (the one that is trusted), other-ca.crt, inter.crt (by ca).

oneTimeSetUp() {
	[ -x "$SOCAT" ] || { echo "no such program: $SOCAT" >&2; exit 2; }
	pki=$(mktemp -d "${TMPDIR:-/tmp}/socat-pki.XXXXXX") || exit 2
	chmod 755 "$pki"
	( set -e; cd "$pki"; make_certificates ) 2>"$pki/log"
	# shellcheck disable=SC2181 # in a condition "set -e" would not be heeded
	[ $? -eq 0 ] || { cat "$pki/log" >&2; exit 2; }
	# nothing that this machine trusts shall count
	unset SSL_CERT_FILE SSL_CERT_DIR
}

oneTimeTearDown() {
	# shunit2 calls this a second time at its exit
	[ -z "${pki:-}" ] || rm -rf "$pki"
	pki=
}

localhost=DNS:localhost,IP:127.0.0.1,IP:::1
long_name=$(printf '%01024d' 0 | tr 0 n)
lf='
'

make_certificates() {
	cat >ca.conf <<-END
		[ca]
		default_ca = this
		[this]
		database = index
		new_certs_dir = .
		default_md = sha256
		default_days = 30
		policy = policy
		unique_subject = no
		rand_serial = yes
		email_in_dn = yes
		[policy]
		commonName = optional
		organizationName = optional
		countryName = optional
		stateOrProvinceName = optional
		localityName = optional
		organizationalUnitName = optional
		emailAddress = optional
		serialNumber = optional
		description = optional
		domainComponent = optional
		[req]
		distinguished_name = name
		string_mask = utf8only
		[name]
	END
	: >index
	authority ca '/CN=Test authority'
	authority other-ca '/CN=Another authority'
	authority inter '/CN=Intermediate authority' ca
	cp inter.crt chain.crt

	# servers, good ones
	certificate server ca '/O=Tests/CN=localhost' "subjectAltName=$localhost"
	certificate rsa ca /CN=localhost "subjectAltName=$localhost" RSA
	certificate p384 ca /CN=localhost "subjectAltName=$localhost" P-384
	certificate p521 ca /CN=localhost "subjectAltName=$localhost" P-521
	certificate chained inter /CN=localhost "subjectAltName=$localhost"
	certificate wildcard ca /CN=ignored "subjectAltName=DNS:*.example.test"
	certificate dns ca /CN=127.0.0.1 'subjectAltName=DNS:localhost'
	certificate ip4 ca /CN=none 'subjectAltName=IP:127.0.0.1'
	certificate ip6 ca /CN=none 'subjectAltName=IP:::1'
	certificate cn ca /CN=localhost basicConstraints=CA:FALSE
	certificate san-not-cn ca /CN=localhost subjectAltName=DNS:elsewhere.test
	certificate second ca '/CN=second' "subjectAltName=$localhost"

	# servers, bad ones
	certificate other other-ca /CN=localhost "subjectAltName=$localhost"
	certificate expired ca /CN=localhost "subjectAltName=$localhost" P-256 20010101000000Z 20020202020202Z
	certificate early ca /CN=localhost "subjectAltName=$localhost" P-256 20450101000000Z 20460202020202Z
	certificate wrong-eku ca /CN=localhost "subjectAltName=$localhost${lf}extendedKeyUsage=clientAuth"
	certificate wrong-ku ca /CN=localhost "subjectAltName=$localhost${lf}keyUsage=critical,keyCertSign"
	certificate no-ca server /CN=localhost "subjectAltName=$localhost"
	cat server.crt >>no-ca.pem
	self_signed selfsigned /CN=localhost "subjectAltName=$localhost"

	# clients
	certificate client ca '/C=DE/O=Clients/OU=One/CN=client one/emailAddress=one@example.test' \
		"extendedKeyUsage=clientAuth${lf}subjectAltName=DNS:one.example.test,DNS:uno.example.test"
	certificate client-rsa ca /CN=client-rsa extendedKeyUsage=clientAuth RSA
	certificate client-chained inter /CN=client-chained extendedKeyUsage=clientAuth
	certificate client-other other-ca /CN=client-other extendedKeyUsage=clientAuth
	certificate client-expired ca /CN=client-expired extendedKeyUsage=clientAuth P-256 20010101000000Z 20020202020202Z
	certificate client-early ca /CN=client-early extendedKeyUsage=clientAuth P-256 20450101000000Z 20460202020202Z
	certificate client-wrong-eku ca /CN=client-wrong-eku extendedKeyUsage=serverAuth
	certificate client-wrong-ku ca /CN=client-wrong-ku "keyUsage=critical,keyCertSign${lf}extendedKeyUsage=clientAuth"
	self_signed client-self /CN=client-self extendedKeyUsage=clientAuth
}

# private_key NAME [KIND]: P-256 (default), P-384, P-521, RSA (2048 bits), RSA-4096.
private_key() {
	case ${2:-P-256} in
	RSA) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
	RSA-*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#RSA-}" -out "$1.key" ;;
	*) openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
	esac
}

# certificate NAME AUTHORITY SUBJECT EXTENSIONS [KIND [FROM TO]]: in the current folder.
certificate() {
	private_key "$1" "${5:-P-256}"
	signed "$@"
}

# signed: the same with the key there is.
signed() {
	printf '%s\n' "$4" >"$1.ext"
	openssl req -config ca.conf -new -key "$1.key" -subj "$3" -utf8 -out "$1.csr"
	# shellcheck disable=SC2046
	openssl ca -config ca.conf -batch -notext -preserveDN -utf8 -cert "$2.crt" -keyfile "$2.key" \
		-extfile "$1.ext" -in "$1.csr" -out "$1.crt" $([ -z "${6:-}" ] || echo "-startdate $6 -enddate $7")
	cat "$1.crt" "$1.key" >"$1.pem"
	[ "$2" != inter ] || cat chain.crt >>"$1.pem"
}

self_signed() {
	private_key "$1" P-256
	openssl req -config ca.conf -x509 -new -key "$1.key" -days 30 -subj "$2" -addext "$3" -out "$1.crt"
	cat "$1.crt" "$1.key" >"$1.pem"
}

# authority NAME SUBJECT [AUTHORITY]: self-signed, or below another one.
authority() {
	if [ -n "${3:-}" ]; then
		certificate "$1" "$3" "$2" "basicConstraints=critical,CA:TRUE${lf}keyUsage=critical,keyCertSign,cRLSign"
	else
		private_key "$1" P-256
		openssl req -config ca.conf -x509 -new -key "$1.key" -days 30 -subj "$2" -out "$1.crt" \
			-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	fi
}

# make_more FUNCTION ARGUMENT...: one more certificate, for those that few tests need.
make_more() {
	( set -e; cd "$pki"; "$@" ) 2>"$dir/openssl.log"
	# shellcheck disable=SC2181
	[ $? -eq 0 ] || { fail "$*: $(tail -n 5 "$dir/openssl.log")"; return 1; }
}

# deep_chain NAME COUNT EXTENSIONS: COUNT certificates, the leaf's first, the self-signed one
# (NAME-0.crt) last.
deep_chain() {
	authority "$1-0" "/CN=$1-0"
	deep=0
	while [ "$deep" -lt $(($2 - 2)) ]; do
		authority "$1-$((deep + 1))" "/CN=$1-$((deep + 1))" "$1-$deep"
		deep=$((deep + 1))
	done
	certificate "$1" "$1-$deep" "/CN=$1" "$3"
	while [ "$deep" -ge 0 ]; do
		cat "$1-$deep.crt" >>"$1.pem"
		deep=$((deep - 1))
	done
}

# What option pin-sha256 takes: of the public key in a certificate.
pin_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -binary | openssl base64
}

# ---- peers

tls_peer=$tests/tls_peer.py

# with_suites COMMAND: run it with each kind of suite, after the certificate that goes with it.
with_suites() {
	for suite in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 \
		ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES256-SHA384 ECDHE-RSA-AES128-SHA ECDHE-RSA-AES256-SHA \
		AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-CCM AES256-CCM8 AES128-SHA256 AES256-SHA256 AES128-SHA AES256-SHA; do
		"$1" rsa "$suite"
	done
	for suite in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 \
		ECDHE-ECDSA-AES128-CCM ECDHE-ECDSA-AES256-CCM8 ECDHE-ECDSA-AES128-SHA256 ECDHE-ECDSA-AES256-SHA384 \
		ECDHE-ECDSA-AES128-SHA; do
		"$1" server "$suite"
	done
}

# tls_server NAME [OPTION...] MODE [ARG...]: start one and set $server_port once it listens.
tls_server() {
	peer_server "$tls_peer" "$@"
}

# tls_client [OPTION...] ADDRESS MODE [ARG...]: run one to its end: files out and err, $status.
tls_client() {
	run "$python" "$tls_peer" client "$@"
}

# free_port: a port that was free a moment ago, for servers that can't tell which one they got.
free_port() {
	"$python" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# listens PORT: something accepts TCP connections on it, by the kernel's table.
listens() {
	grep -Eqi "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

# tls_connect [OPTIONS]: our address of a connection to $server_port, with the usual trust.
tls_connect() {
	echo "OPENSSL:127.0.0.1:$server_port,cafile=$pki/ca.crt${1:+,$1}"
}

# tls_listener NAME OPTIONS [SWITCH...] ADDRESS: start the program tested as a TLS server with the
# usual certificate, wait until it listens, set $port. An option -X before the address is passed on.
tls_listener() {
	tls_name=$1 tls_options=$2
	shift 2
	tls_switches=
	while case $1 in -?*) true ;; *) false ;; esac; do
		tls_switches="$tls_switches $1"
		shift
	done
	case ,$tls_options in
	*,cert=*) ;;
	*) tls_options=cert=$pki/server.pem,$tls_options ;;
	esac
	# shellcheck disable=SC2086
	listener "$tls_name" $tls_switches "OPENSSL-LISTEN:0,bind=127.0.0.1,$tls_options" "$@"
}

# s_server NAME [ARGUMENT...]: OpenSSL's own server; sets $server_port.
s_server() {
	server_name=$1
	shift
	start "$server_name" openssl s_server -accept 127.0.0.1:0 "$@"
	server_pid=$pid
	wait_until grep -q '^ACCEPT ' "$server_name.out" || { cat "$server_name.log"; return 1; }
	server_port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$server_name.out" | head -n 1)
}

# nginx_server NAME 'LISTEN OPTIONS' 'DIRECTIVES': a web server with the folder ./www; $server_port.
nginx_server() {
	server_port=$(free_port)
	mkdir -p www "$1.tmp"
	chmod 777 "$1.tmp"
	cat >"$1.conf" <<-END
		daemon off;
		master_process off;
		worker_processes 1;
		pid $dir/$1.pid;
		error_log stderr;
		events { worker_connections 512; }
		http {
			access_log off;
			client_body_temp_path $dir/$1.tmp;
			proxy_temp_path $dir/$1.tmp;
			fastcgi_temp_path $dir/$1.tmp;
			uwsgi_temp_path $dir/$1.tmp;
			scgi_temp_path $dir/$1.tmp;
			client_max_body_size 100m;
			server {
				listen 127.0.0.1:$server_port $2;
				root $dir/www;
				$3
			}
		}
	END
	start "$1" /usr/sbin/nginx -p "$dir" -c "$dir/$1.conf"
	wait_until listens "$server_port" || cat "$1.log"
}
