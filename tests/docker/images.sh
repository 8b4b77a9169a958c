# Images of this machine's own programs, as stand-ins for the services that recipes are about, and
# the compose files of docker/. Sourced after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154

# image_of NAME PROGRAM [COMMAND]: an image with the program and the libraries it needs, unless there
# is one. COMMAND fills the tree in $tree with what else it needs.
image_of() {
	docker image inspect "$1" >/dev/null 2>&1 && return
	program=$(PATH=$PATH:/usr/sbin command -v "$2") || { echo "no program $2"; return 1; }
	tree=$suite_dir/tree-$2
	mkdir -p "$tree/etc" "$tree/tmp"
	chmod 1777 "$tree/tmp"
	for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
		install -D "$file" "$tree$file" || return 1
	done
	echo 'root:x:0:0:root:/:/bin/false' >"$tree/etc/passwd"
	echo 'root:x:0:' >"$tree/etc/group"
	${3:-:} || return 1
	tar -C "$tree" -c . | docker import --change "ENTRYPOINT [\"$program\"]" - "$1" >/dev/null
}

nginx_image=socat-test-nginx
redis_image=socat-test-redis
openssl_image=socat-test-openssl

# As the usual image has it: default.conf is read, logs go to the container's outputs.
make_nginx() {
	image_of "$nginx_image" nginx nginx_tree
}

nginx_tree() {
	mkdir -p "$tree/etc/nginx/conf.d" "$tree/var/lib/nginx" "$tree/var/log/nginx" "$tree/run"
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
}

make_redis() {
	image_of "$redis_image" redis-server
}

make_openssl() {
	image_of "$openssl_image" openssl
}

# make_pki DIRECTORY NAME...: an authority, a server with these names, a client; see
# docker/docker-socket/certificates.
make_pki() {
	"$top/docker/docker-socket/certificates" "$@" >"$suite_dir/pki.log" 2>&1 ||
		{ cat "$suite_dir/pki.log" >&2; return 1; }
}

# ---- docker/*/compose.yaml

# Its projects' containers, networks and volumes have the test's process in their names.
project=socat-recipe-$$

# compose ARGUMENT...: docker compose with the files named in $recipe, with ":" in between.
compose() {
	if docker compose version >/dev/null 2>&1; then
		set -- docker compose "$@"
	else
		set -- docker-compose "$@"
	fi
	COMPOSE_PROJECT_NAME=$project COMPOSE_FILE=$recipe timeout "$((BOUND * 2))" "$@"
}

have_compose() {
	docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null
}

# Skips the test where there is no docker compose.
need_compose() {
	have_compose && return 0
	echo 'skipped: needs docker compose'
	startSkipping
	return 1
}

# Each of the project's relays says of itself that all is well, as its health check has it: an engine
# asks for the first time only after an interval.
healthy() {
	for relay in $(docker ps --quiet --filter "label=com.docker.compose.project=$project" \
		--filter "ancestor=$image"); do
		check=$(docker inspect --format '{{with .Config.Healthcheck}}{{range .Test}}{{println .}}{{end}}{{end}}' \
			"$relay" | sed -n '2,$p')
		# shellcheck disable=SC2086 # words
		[ -n "$check" ] && docker exec "$relay" $check || return 1
	done
	[ -n "${relay:-}" ]
}

# Nothing of the project is left.
assert_nothing_left() {
	left="$(docker ps --all --quiet --filter "label=com.docker.compose.project=$project")$(
		docker network ls --quiet --filter "label=com.docker.compose.project=$project")$(
		docker volume ls --quiet --filter "label=com.docker.compose.project=$project")"
	assertEquals 'left behind' '' "$left"
}
