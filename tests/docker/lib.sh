# Helpers of the suites that use a container engine, on top of ../lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154
#
# Suites run in "ci/engine with", which finds or starts an engine; one that is started by
# itself calls that first. The engine has to be on this machine: suites look at containers'
# processes and hand files to them.
#
# Every container carries a label of its test's process. Those that "container" starts are
# removed after their test, those of "lasting container" after the suite. Ports are picked
# by the kernel or by the engine.

top=$(cd "$(dirname "$0")/../.." && pwd)
[ -n "${SOCAT_ENGINE:-}" ] || exec "$top/ci/engine" with sh "$0" "$@"

SOCAT=${SOCAT:-build/socat}
case $SOCAT in
/*) ;;
*) SOCAT=$top/$SOCAT ;;
esac
# An engine has more to do than a program, on a machine that may be busy.
BOUND=${BOUND:-60}

# shellcheck source=tests/lib.sh
. "$top/tests/lib.sh"
root=$top
tests=$top/tests

image=socat-test
# A tiny system with a shell, for the containers on the other side of ours.
base=socat-test-base

oneTimeSetUp() {
	suite_dir=$(mktemp -d "${TMPDIR:-/tmp}/socat-suite.XXXXXX")
	chmod 755 "$suite_dir"
	# suites run at the same time: the first one builds, the others find it done
	mkdir -p "$top/build"
	flock "$top/build/test-image.lock" "$top/ci/image" "$image" || { echo 'no image to test' >&2; exit 2; }
	make_base || { echo 'no image to test with' >&2; exit 2; }
	prepare_suite
}

# A suite that needs more before its first test has a function of this name.
prepare_suite() {
	:
}

oneTimeTearDown() {
	[ -n "${suite_dir:-}" ] || return 0
	remove_labelled "suite=$$"
	rm -rf "$suite_dir"
	suite_dir=
}

tearDown() {
	stop_all
	remove_labelled "test=$$"
	cd / && rm -rf "${dir:?}"
}

remove_labelled() {
	labelled=$(docker ps --all --quiet --filter "label=socat.$1")
	# shellcheck disable=SC2086
	[ -z "$labelled" ] || timeout 60 docker rm --force $labelled >/dev/null
}

# The machine's busybox, with the libraries it may need.
make_base() {
	docker image inspect "$base" >/dev/null 2>&1 && return
	busybox=$(command -v busybox) || { echo 'busybox is missing (ci/setup installs it)'; return 1; }
	mkdir -p "$suite_dir/base/bin" "$suite_dir/base/tmp"
	chmod 1777 "$suite_dir/base/tmp"
	cp -L "$busybox" "$suite_dir/base/bin/busybox"
	for library in $(ldd "$busybox" 2>/dev/null | grep -o '/[^ ]*'); do
		install -D "$library" "$suite_dir/base$library"
	done
	for applet in $(busybox --list); do
		[ -e "$suite_dir/base/bin/$applet" ] || ln -s busybox "$suite_dir/base/bin/$applet"
	done
	tar -C "$suite_dir/base" -c . | docker import - "$base" >/dev/null
}

# ---- containers

lifetime=test

# container ARGUMENT...: docker run --detach; its id is in $container.
container() {
	container=$(timeout "$BOUND" docker run --detach --label "socat.$lifetime=$$" "$@") ||
		{ fail "container not started: $*"; return 1; }
}

# lasting COMMAND...: what it starts stays to the end of the suite.
lasting() {
	lifetime=suite
	"$@"
	lasting_status=$?
	lifetime=test
	return $lasting_status
}

# run_container ARGUMENT...: docker run in the foreground, to its end, as "run".
run_container() {
	run docker run --rm --read-only --label "socat.test=$$" "$@"
}

# listening ARGUMENT...: docker run of our image as a listener, read-only and without --init. Waits until it
# listens; its process is in $pid, the port published on 127.0.0.1 or ::1, if any, in $port.
listening() {
	container --read-only "$@" || return 1
	wait_container_log "$container" ' N listening on ' || return 1
	pid=$(process_of "$container")
	port=$(docker port "$container" 2>/dev/null | sed -n '1s/.*://p')
}

process_of() {
	docker inspect --format '{{.State.Pid}}' "$1"
}

address_of() {
	docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

exit_status_of() {
	docker inspect --format '{{.State.ExitCode}}' "$1"
}

# What the container said so far, on both outputs, in a file of this name.
save_log() {
	docker logs "$1" >"$2" 2>&1
}

container_log_has() {
	save_log "$1" "$dir/container.log" && log_has "$dir/container.log" "$2" "${3:-1}"
}

# wait_container_log CONTAINER REGEX [COUNT]: until so many lines match.
wait_container_log() {
	wait_until container_log_has "$@" || { cat "$dir/container.log"; return 1; }
}

assert_container_log() {
	save_log "$1" "$dir/container.log"
	assert_log "$dir/container.log" "$2"
}

# stop_container CONTAINER: docker stop with more time before the kill than we wait for it.
# Thus status 0 means that the container ended by itself.
stop_container() {
	run docker stop --time $((BOUND * 2)) "$1"
	assert_status 0
}

is_running() {
	[ "$(docker inspect --format '{{.State.Running}}' "$1")" = true ]
}

has_ended() {
	[ "$(docker inspect --format '{{.State.Running}}' "$1")" = false ]
}

# A field of /proc/PID/status.
process_field() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# ---- the engine's socket and what it is used with

# The path of the socket the docker client uses.
engine_socket() {
	endpoint=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}')}
	case $endpoint in
	unix://*) echo "${endpoint#unix://}" ;;
	*) return 1 ;;
	esac
}

# random_file NAME BYTES
random_file() {
	head -c "$2" /dev/urandom >"$1"
}

assert_same() {
	if cmp "$1" "$2"; then
		assertTrue 0
	else
		fail "$2 is not $1"
	fi
}

have_ipv6() {
	grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null && return 0
	echo 'skipped: needs IPv6'
	startSkipping
	return 1
}
