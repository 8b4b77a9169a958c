#!/bin/sh
# What programs are given: words, descriptors, signals, limits; and which options go together.

# shellcheck disable=SC2034,SC2154
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# program NAME TEXT: make a shell script to be run by an address.
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# ---- words

# words LINE EXPECTED: the arguments that EXEC makes of "./show LINE".
words() {
	run "$SOCAT" -u "EXEC:./show $1" -
	assertEquals "$1 ($(cat err))" "$2" "$(cat out)"
}

test_words() {
	# the words of a command line follow the rules of an address, and spaces separate them
	program show 'printf "<%s>" "$@"'
	words 'a b' '<a><b>'
	words ' a  b ' '<a><b>'
	words '\"a b\" c' '<a b><c>'
	words "\\'a b\\' c" '<a b><c>'
	words 'a\"b c\"d' '<ab cd>'
	words 'a \"\" b' '<a><><b>'
	words 'a\\\\b' '<a\b>'
	words 'a\\tb' "<a$(printf '\t')b>"
	words "a$(printf '\t')b" "<a$(printf '\t')b>"
	words 'a#b #c' '<a#b><#c>'
	words '$HOME *' '<$HOME><*>'
}

test_words_in_brackets() {
	# brackets keep words together, quotes within them stay
	program show 'printf "<%s>" "$@"'
	words '{print $1} b' '<{print $1}><b>'
	words "'{print \$1}' b" '<{print $1}><b>'
	words 'x{a {b c} d}y e' '<x{a {b c} d}y><e>'
	words '(a [b c) d] e' '<(a [b c) d] e>'
	words '{a \"b }c\" d} e' '<{a "b }c" d}><e>'
	words 'a} b' '<a}><b>'
}

test_words_without_end() {
	# a quote without its end is an error before anything is opened
	run "$SOCAT" CREATE:made 'EXEC:cat \"a' </dev/null
	assert_error 'EXEC:.*: the command line has a quote \("\) without its end$'
	run "$SOCAT" CREATE:made 'EXEC:cat a\\' </dev/null
	assert_error 'EXEC:.*: the command line ends with a backslash that escapes nothing$'
	assertFalse 'nothing opened' '[ -e made ]'
}

test_text() {
	# a text without "#!" is the shell's, found in PATH or not
	echo 'echo "$0 $*"' >text
	chmod +x text
	run "$SOCAT" -u 'EXEC:./text a \"b c\"' -
	assert_out './text a b c\n'
	run "$SOCAT" -u "EXEC:text a,path=/nowhere:$dir" -
	assert_out "$dir/text a\n"
}

test_what_can_not_be_run() {
	# a directory, a file without permission, and arguments that are too many are one clear error
	mkdir folder
	run "$SOCAT" - EXEC:./folder </dev/null
	assertEquals 1 "$status"
	assert_lines err ' E EXEC:./folder: execvp\("./folder"\): Permission denied' 1
	printf '\177ELFnonsense' >broken
	chmod +x broken
	run "$SOCAT" - EXEC:./broken </dev/null
	assertEquals 1 "$status"
}

# ---- descriptors

# A program "kinds" that writes what descriptors it has to the file given: number, kind.
show_descriptors() {
	cat >kinds <<-END
		#!$python
		import os, stat, sys
		def kind(mode):
		    return "socket" if stat.S_ISSOCK(mode) else "pipe" if stat.S_ISFIFO(mode) else "other"
		# what the shell of the tests keeps for itself begins with 10
		listed = [int(fd) for fd in os.listdir("/proc/self/fd") if len(fd) == 1]
		kinds = []
		for fd in sorted(listed):
		    try:
		        kinds.append("%d:%s" % (fd, kind(os.fstat(fd).st_mode)))
		    except OSError:
		        pass
		with open(sys.argv[1], "w") as out:
		    out.write(" ".join(kinds))
	END
	chmod +x kinds
}

# descriptors EXPECTED ARGUMENT...: what the program, writing to the file "list", was given.
descriptors() {
	expected=$1
	shift
	rm -f list
	run "$SOCAT" "$@" </dev/null
	assertEquals "$*: $(cat err)" 0 "$status"
	wait_until test -s list
	assertEquals "$*" "$expected" "$(cat list)"
}

test_descriptors() {
	# fdin, fdout and stderr put the program's ends where they say, and nothing else is open
	show_descriptors
	for type in EXEC SYSTEM; do
		descriptors '0:socket 1:socket 2:other' - "$type:./kinds list"
		descriptors '0:pipe 1:pipe 2:other' - "$type:./kinds list,pipes"
		descriptors '0:socket 1:socket 2:socket' - "$type:./kinds list,stderr"
		descriptors '0:pipe 1:pipe 2:pipe' - "$type:./kinds list,stderr,pipes"
		descriptors '0:pipe 1:pipe 2:other' - "$type:./kinds list,fdin=1,fdout=0,pipes"
		descriptors '0:other 1:other 2:other 5:socket' - "$type:./kinds list,fdin=5,fdout=5"
		descriptors '0:other 1:other 2:other 6:pipe 7:pipe' - "$type:./kinds list,fdin=7,fdout=6,pipes"
		descriptors '0:socket 1:other 2:socket' - "$type:./kinds list,fdout=2,stderr"
		descriptors '0:other 1:other 2:pipe 8:pipe' - "$type:./kinds list,fdin=8,fdout=2,stderr,pipes"
		descriptors '0:socket 1:other 2:other' -u - "$type:./kinds list"
		descriptors '0:other 1:socket 2:other' -u "$type:./kinds list" -
		descriptors '0:other 1:pipe 2:other' -U - "$type:./kinds list,pipes"
	done
}

test_descriptors_of_dual_addresses() {
	# in a dual address the reader has the output of its program only, the writer the input
	show_descriptors
	descriptors '0:other 1:socket 2:other' 'EXEC:./kinds list!!-' -
	descriptors '0:socket 1:other 2:other' '-!!EXEC:./kinds list' -
	descriptors '0:socket 1:other 2:other' - 'EXEC:true!!EXEC:./kinds list'
}

test_descriptors_of_nofork() {
	# with nofork they are those of the first address; with -u and -U the other one is the relay's
	show_descriptors
	descriptors '0:pipe 1:pipe 2:other' PIPE 'EXEC:./kinds list,nofork'
	descriptors '0:other 1:other 2:other' - 'EXEC:./kinds list,nofork'
}

test_nofork_one_direction() {
	# with -u and -U the program that nofork becomes has the other stream of the relay
	given 'abc\n'
	run "$SOCAT" -u OPEN:in EXEC:cat,nofork
	assert_status 0
	assert_out 'abc\n'
	run "$SOCAT" -U CREATE:made 'EXEC:cat,nofork' <in
	assert_status 0
	assert_file 'abc\n' made
	assert_out ''
}

test_nofork_dual() {
	# nofork gives the program both descriptors of a dual address
	given 'abc\n'
	run "$SOCAT" 'OPEN:in!!CREATE:made' 'EXEC:tr a-z A-Z,nofork'
	assert_status 0
	assert_file 'ABC\n' made
}

test_nofork_exchanged() {
	# fdin and fdout may be each other's
	given 'abc\n'
	program swap 'exec 5<&1 6>&0; cat <&5 >&6; ls /proc/self/fd | grep "^.$" | tr "\n" " " >&2'
	run "$SOCAT" 'OPEN:in!!CREATE:made' 'EXEC:./swap,nofork,fdin=1,fdout=0'
	assert_status 0
	assert_file 'abc\n' made
	# 3 is the directory that ls reads: no duplicate stays open
	assert_file '0 1 2 3 5 6 ' err
}

test_inherited_descriptors() {
	# a descriptor that the relay was started with and knows nothing of is passed on
	echo abc >in
	for options in '' ,pipes ,nofork; do
		timeout "$BOUND" "$SOCAT" - "SYSTEM:cat <&7$options" 7<in </dev/null >out 2>err
		assert_out 'abc\n'
	done
}

test_no_descriptors_of_others() {
	# programs of a server get nothing of other sessions, dumps, locks, or threads
	program list 'exec ls /proc/self/fd'
	listener relay -r left -R right -L lock TCP4-LISTEN:0,bind=127.0.0.1,fork 'EXEC:./list'
	"$python" -c '
import socket, sys
answers = set()
conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(100)]
for c in conns:
    answers.add(c.makefile().read())
print(*answers, sep="", end="")' "$port" >out
	assertEquals "$(./list)" "$(cat out)"
}

# ---- signals and limits

# same_status COMMAND...: what a program sees in /proc/self/status is the same when
# the command runs it and when the command runs the relay, which runs it.
same_status() {
	timeout "$BOUND" "$@" grep -E '^(Sig|Shd|Umask|NoNewPrivs|Cap)' /proc/self/status | grep -v SigQ >expected-status
	timeout "$BOUND" "$@" "$SOCAT" -u \
		"EXEC:grep -E ^(Sig|Shd|Umask|NoNewPrivs|Cap) /proc/self/status" - | grep -v SigQ >out
	assertEquals "$*" "$(cat expected-status)" "$(cat out)"
}

test_signals_and_masks() {
	# mask, dispositions, umask and capabilities are those that the relay was started with
	without_leak_check
	same_status env
	same_status nohup
	same_status sh -c 'trap "" PIPE USR1 CHLD; umask 027; exec "$@"' -
	same_status "$python" -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR2, signal.SIGCHLD})
os.execvp(sys.argv[1], sys.argv[1:])'
}

test_limits() {
	# the limits are those that the relay was started with, not those it has raised
	for options in '' ,pipes ,nofork; do
		timeout "$BOUND" sh -c 'ulimit -Sn 100; exec "$@"' - "$SOCAT" - \
			"SYSTEM:ulimit -Sn; nice$options" </dev/null >out
		assert_file "100\n$(nice)\n" out
	done
}

test_session_and_group() {
	# a leader of a session is one of its group already
	program ids 'sed "s/.*) [A-Z] [0-9]* \([0-9]*\) \([0-9]*\) .*/\1 \2/" /proc/$$/stat; echo $$ $$'
	run "$SOCAT" -u EXEC:./ids,setsid,setpgid -
	assert_status 0
	assertEquals "$(sed -n 2p out)" "$(sed -n 1p out)"
}

# ---- options that go together

test_useless_options() {
	# options for a direction that there is not are errors, as in the original
	run "$SOCAT" -U CREATE:made EXEC:cat,fdin=4 </dev/null
	assert_error 'EXEC:cat,fdin=4: option fdin is useless'
	run "$SOCAT" -u - EXEC:cat,fdout=4 </dev/null
	assert_error 'EXEC:cat,fdout=4: option fdout is useless'
	run "$SOCAT" '-!!EXEC:cat,fdout=4' CREATE:made </dev/null
	assert_error 'EXEC:cat,fdout=4: option fdout is useless'
	assertFalse 'nothing opened' '[ -e made ]'
}

test_one_number_for_two_pipes() {
	# two pipes can't have the same number, a pair of sockets can
	for options in fdin=1 fdout=0 fdin=5,fdout=5 fdin=2,stderr; do
		run "$SOCAT" - "EXEC:cat,pipes,$options" </dev/null
		assert_error "descriptor [0-9] can't be the program's input and output at once"
		run "$SOCAT" - "EXEC:true,$options" </dev/null
		assert_status 0
	done
}

test_nofork_without_descriptors() {
	# there are no descriptors of ours that options could act on
	for option in append cloexec flock user=0 group=0 perm=600 perm-late=600 sndbuf=5000; do
		run "$SOCAT" - "EXEC:true,nofork,$option" </dev/null
		assert_error "option [a-z-]+ can't be used with nofork: give it to the first address"
	done
	run "$SOCAT" - EXEC:true,nofork,umask=077,chdir=/ </dev/null
	assert_status 0
}

# ---- exit status

test_failure_counts() {
	# a program that fails makes the status 1, whichever direction there is, and whether it is
	# the session or the program that ends first
	for address in EXEC:false 'SYSTEM:exit 3' 'SHELL:exit 255,shell=/bin/sh' 'SYSTEM:kill -KILL $$' \
		'SYSTEM:exec <&- >&-; sleep 0.1; exit 3'; do
		for options in '' ,pipes; do
			run "$SOCAT" - "$address$options" </dev/null
			assertEquals "- $address$options" 1 "$status"
			run "$SOCAT" -u "$address$options" -
			assertEquals "-u $address$options" 1 "$status"
			run "$SOCAT" -u - "$address$options" </dev/null
			assertEquals "-u - $address$options" 1 "$status"
		done
	done
}

test_nofork_status() {
	# with nofork the status is the program's own
	for code in 0 1 3 255; do
		run "$SOCAT" - "SYSTEM:exit $code,nofork" </dev/null
		assert_status "$code"
	done
	start relay "$SOCAT" - 'SYSTEM:kill -KILL $$,nofork'
	finish "$pid"
	assertEquals 137 "$status"
	run "$SOCAT" - EXEC:./none,nofork </dev/null
	assert_status 127
}

test_nothing_of_the_last_session() {
	# variables of an earlier session are not seen by the next; those of the relay are, but for a port
	# that would be taken for the client's, which has none
	SOCAT_PEERPORT=old KEPT=yes
	export SOCAT_PEERPORT KEPT
	listener relay "UNIX-LISTEN:$dir/socket,fork" 'SYSTEM:echo "$KEPT $SOCAT_PEERADDR$SOCAT_PEERPORT $SOCAT_SOCKADDR"' ||
		wait_log relay.log 'listening on'
	unset SOCAT_PEERPORT KEPT
	for name in '' "$dir/own"; do
		"$python" -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
if sys.argv[2]:
    s.bind(sys.argv[2])
s.connect(sys.argv[1])
print(s.makefile().read(), end="")' "$dir/socket" "$name" >out
		assertEquals "$name" "yes ${name:-<anon>} $dir/socket" "$(cat out)"
	done
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
