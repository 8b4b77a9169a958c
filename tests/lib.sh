# Helpers shared by the test suites. Each *_test.sh sources this first and shunit2 last.
# shellcheck shell=sh disable=SC2034
#
# Habits: every test has a folder of its own ($dir), every wait has a bound and ends with
# an event, every port is picked by the kernel, every process started is stopped by its id.

: "${SOCAT:=build/socat}"
root=$(cd "$(dirname "$0")/.." && pwd)
case $SOCAT in
/*) ;;
*) SOCAT=$root/$SOCAT ;;
esac
tests=$root/tests

# Seconds a test may wait for something that always comes if all is well.
BOUND=${BOUND:-20}
SHUNIT_COLOR=none
asan_options=${ASAN_OPTIONS:-}
# Nothing of the caller's surroundings shall change what is tested.
unset SOCAT_DEFAULT_LISTEN_IP SOCAT_PREFERRED_RESOLVE_IP HOSTNAME
LC_ALL=C
export LC_ALL

oneTimeSetUp() {
	[ -x "$SOCAT" ] || { echo "no such program: $SOCAT" >&2; exit 2; }
}

setUp() {
	dir=$(mktemp -d "${TMPDIR:-/tmp}/socat-test.XXXXXX")
	chmod 755 "$dir"
	started=
	ASAN_OPTIONS=$asan_options
	cd "$dir" || exit 2
}

tearDown() {
	stop_all
	[ -z "${SANITIZER_LOG:-}" ] || no_sanitizer_report
	cd / && rm -rf "${dir:?}"
}

# A report of the address or undefined behaviour sanitizer fails the test it came up in.
no_sanitizer_report() {
	for report in "$SANITIZER_LOG".*; do
		[ -s "$report" ] || continue
		fail "sanitizer report: $(sed -n 1,40p "$report")"
		mv "$report" "$SANITIZER_LOG-seen.${report##*/}"
	done
}

# The leak check can't look into a process that is traced, has changed its user or root.
without_leak_check() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
}

# True if the program tested is an instrumented build.
sanitized() {
	[ -n "${SANITIZER_LOG:-}" ]
}

# True if the program tested is one for another kind of processor, by an emulator (platforms/run).
emulated() {
	[ -n "${EMULATOR:-}" ]
}

# The C libraries say these in different words.
in_use='Address (already )?in use'
not_available='(Cannot assign requested address|Address not available)'
out_of_descriptors='(Too many open files|No file descriptors available)'

# ---- running and waiting

# run COMMAND...: run to its end, at most $BOUND seconds (then status 124). Output goes to
# the files out and err, the exit status to $status.
run() {
	timeout -k 5 "$BOUND" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# given TEXT: what run's command reads, as in: given 'abc\n'; run socat - exec:cat <in
given() {
	printf -- "$1" >"$dir/in"
}

# wait_until COMMAND...: try until it succeeds; fails the test after $BOUND seconds.
wait_until() {
	waited_until=$(($(date +%s) + BOUND))
	until "$@" >/dev/null 2>&1; do
		if [ "$(date +%s)" -ge "$waited_until" ]; then
			fail "waited $BOUND seconds in vain for: $*"
			return 1
		fi
		sleep 0.02
	done
}

# wait_log FILE REGEX [COUNT]: until that many lines (default 1) of the log match.
wait_log() {
	wait_until log_has "$1" "$2" "${3:-1}" || {
		echo "--- $1:" && tail -n 25 "$1"
		return 1
	}
}

log_has() {
	[ "$(grep -Ec -- "$2" "$1")" -ge "${3:-1}" ]
}

# start NAME COMMAND...: run in the background; output to NAME.out, errors to NAME.log.
# The process id is in $pid afterwards.
start() {
	start_name=$1
	shift
	# now, not when the process gets to it: an old log must not be taken for the new one
	: >"$dir/$start_name.out"
	: >"$dir/$start_name.log"
	"$@" >"$dir/$start_name.out" 2>"$dir/$start_name.log" </dev/null 9>&- &
	pid=$!
	started="$started $pid"
}

# start_with INPUT NAME COMMAND...: the same with standard input from a file or fifo.
# Descriptor 9 is what tests keep a fifo's other end open with; nobody else gets it.
start_with() {
	start_input=$1 start_name=$2
	shift 2
	# now, not when the process gets to it: an old log must not be taken for the new one
	: >"$dir/$start_name.out"
	: >"$dir/$start_name.log"
	"$@" >"$dir/$start_name.out" 2>"$dir/$start_name.log" <"$start_input" 9>&- &
	pid=$!
	started="$started $pid"
}

# relay NAME ARGUMENT...: start the program tested with -d -d.
relay() {
	relay_name=$1
	shift
	start "$relay_name" "$SOCAT" -d -d "$@"
}

# as_init NAME ARGUMENT...: run as process 1 of a pid namespace; $pid is seen from outside.
as_init() {
	init_name=$1
	shift
	start "$init_name" unshare --fork --pid --mount-proc --kill-child env --default-signal "$SOCAT" -d -d "$@"
	outer=$pid
	wait_until has_children "$outer" 1
	pid=$(children "$outer" | tr -d ' ')
}

# faulty NAME INJECTION ARGUMENT...: the same where a system call fails as strace(1) is told. $pid is
# strace's; the relay is its child.
faulty() {
	faulty_name=$1 injection=$2
	shift 2
	without_leak_check
	start "$faulty_name" strace -qq -o "$faulty_name.trace" -e "trace=${injection%%:*}" \
		-e "inject=$injection" "$SOCAT" -d -d "$@"
}

# listener NAME ARGUMENT...: start the program tested, wait until it listens, set $port
# (of a TCP listener; the kernel picks it, the log tells).
listener() {
	relay "$@"
	wait_log "$dir/$1.log" ' N listening on ' || return 1
	port=$(port_of "$dir/$1.log")
}

port_of() {
	sed -n 's/.* N listening on .*:\([0-9][0-9]*\)$/\1/p' "$1" | head -n 1
}

# ended PID: true once the process is gone or a zombie.
ended() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | Z* | X*) return 0 ;;
	esac
	return 1
}

# finish PID: wait (bounded) for the end of a process that was started; $status is set.
finish() {
	if wait_until ended "$1"; then
		wait "$1"
		status=$?
	else
		status=timeout
		kill -KILL "$1"
	fi 2>/dev/null
	forget "$1"
}

forget() {
	started_now=
	for started_pid in $started; do
		[ "$started_pid" = "$1" ] || started_now="$started_now $started_pid"
	done
	started=$started_now
}

# stop PID: end a process that was started, with SIGTERM, and wait for it.
stop() {
	kill -TERM "$1" 2>/dev/null
	finish "$1"
}

# End all that were started and what they started, and wait for it.
stop_all() {
	family=
	for started_pid in $started; do
		add_family "$started_pid"
	done
	end_family
	for started_pid in $started; do
		wait "$started_pid" 2>/dev/null
	done
	started=
}

# End the processes of $family, with SIGKILL those that don't end otherwise.
end_family() {
	for family_pid in $family; do
		kill -TERM "$family_pid" 2>/dev/null
	done
	for family_pid in $family; do
		stop_until=$(($(date +%s) + 5))
		until ended "$family_pid"; do
			[ "$(date +%s)" -lt "$stop_until" ] || kill -KILL "$family_pid" 2>/dev/null
			sleep 0.02
		done
	done
}

# add_family PID: the process, after all its descendants, to $family.
add_family() {
	for child_pid in $(children "$1"); do
		add_family "$child_pid"
	done
	family="$family $1"
}

# ---- looking at processes and files

children() {
	cat "/proc/$1/task/"*/children 2>/dev/null
}

count_children() {
	children "$1" | wc -w
}

has_children() {
	[ "$(count_children "$1")" -eq "$2" ]
}

# Descriptors a process has open.
count_fds() {
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

has_fds() {
	[ "$(count_fds "$1")" -eq "$2" ]
}

count_sockets() {
	find "/proc/$1/fd" -mindepth 1 -lname 'socket:*' 2>/dev/null | wc -l
}

has_sockets() {
	[ "$(count_sockets "$1")" -eq "$2" ]
}

# Memory in kB: resident set of a process.
resident() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

# CPU a process has used so far, in clock ticks (1/100 s).
cpu_ticks() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

size_is() {
	[ "$(stat -c %s "$1" 2>/dev/null)" = "$2" ]
}

count_lines() {
	grep -Ec -- "$2" "$1"
}

checksum() {
	sha256sum "$1" | cut -d ' ' -f 1
}

# ---- peers: small servers and clients, see peer.py

# Debian's own interpreter, never one of a version manager that may sit before it.
python=/usr/bin/python3

# server NAME MODE...: start a peer server and set $server_port once it listens.
server() {
	peer_server "$tests/peer.py" "$@"
}

# peer_server PROGRAM NAME MODE...: the same with another program for peers.
peer_server() {
	server_program=$1 server_name=$2
	shift 2
	rm -f "$dir/$server_name.port" "$dir/$server_name.port".*
	start "$server_name" "$python" "$server_program" server "$dir/$server_name.port" "$@"
	server_pid=$pid
	wait_until test -s "$dir/$server_name.port" || { cat "$dir/$server_name.log"; return 1; }
	server_port=$(cat "$dir/$server_name.port")
}

# client MODE...: run a peer client to its end: files out and err, $status.
client() {
	run "$python" "$tests/peer.py" client "$@"
}

# hold COUNT [ADDRESS]: so many sessions, until descriptor 9 is closed; the client is $holder.
hold() {
	rm -f holding
	mkfifo holding
	start_with holding holder "$python" "$tests/peer.py" client hold "${2:-127.0.0.1:$port}" "$1"
	holder=$pid
	exec 9>holding
	wait_until grep -q "held $1" holder.out
}

# with_own_signals COMMAND...: run it so that sanitizers leave the signals of a broken program to
# the program.
with_own_signals() {
	sanitizer_options=${ASAN_OPTIONS:-}
	export ASAN_OPTIONS="$sanitizer_options:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0"
	"$@"
	ASAN_OPTIONS=$sanitizer_options
}

# ---- assertions

assert_status() {
	assertEquals "exit status ($(tail -n 3 "$dir/err" 2>/dev/null))" "$1" "$status"
}

# assert_file TEXT FILE: the file's content is the text (printf escapes).
assert_file() {
	printf -- "$1" >"$dir/expected"
	if cmp -s "$dir/expected" "$2"; then
		assertTrue 0
	else
		fail "$2 is $(od -An -c "$2" 2>&1 | head -n 8) instead of $(od -An -c "$dir/expected" | head -n 8)"
	fi
}

assert_out() {
	assert_file "$1" "$dir/out"
}

# assert_log FILE REGEX: at least one line of the file matches.
assert_log() {
	if grep -Eq -- "$2" "$1"; then
		assertTrue 0
	else
		fail "no line matches '$2' in: $(tail -n 12 "$1")"
	fi
}

# assert_lines FILE REGEX COUNT: exactly that many lines match.
assert_lines() {
	log_count=$(count_lines "$1" "$2")
	if [ "$log_count" -eq "$3" ]; then
		assertTrue 0
	else
		fail "$log_count lines match '$2' instead of $3 in: $(tail -n 12 "$1")"
	fi
}

refute_log() {
	assert_lines "$1" "$2" 0
}

# assert_error REGEX: the last run failed with status 1 and an error line matching that.
assert_error() {
	assertEquals "exit status ($(tail -n 3 "$dir/err"))" 1 "$status"
	assert_log "$dir/err" "^[0-9/]+ [0-9:]+ socat\[[0-9]+\] E .*$1"
}

# ---- surroundings

# need_root: skip the test's assertions unless run by root.
need_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	echo "skipped: needs root"
	startSkipping
	return 1
}

# need TOOL: the same for a tool.
need() {
	command -v "$1" >/dev/null && return 0
	echo "skipped: needs $1"
	startSkipping
	return 1
}

# own_namespace "$@": run the whole suite in network and mount namespaces of its own, with
# the loopback interface up. To be called right after lib.sh was sourced.
own_namespace() {
	if [ -z "${OWN_NAMESPACE:-}" ]; then
		[ "$(id -u)" -eq 0 ] && mapped='' || mapped=--map-root-user
		# shellcheck disable=SC2086
		OWN_NAMESPACE=1 exec unshare $mapped --net --mount --propagation private sh "$0" "$@"
	fi
	ip link set lo up
}
