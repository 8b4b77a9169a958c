#!/bin/sh
# The manual page: nothing is missing, nothing is invented, and it is well-formed.

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
page=$root/src/socat.1

# agrees MODE: manual.py has nothing to tell.
agrees() {
	"$SOCAT" -hhh >help
	"$python" "$tests/manual.py" "$page" "$root/src" "$1" <help >out 2>err
	assertEquals '' "$(cat out err)"
}

# differs MODE SED-SCRIPT: with the page changed it has.
differs() {
	sed "$2" "$page" >changed
	assertFalse 'the page was changed' "cmp -s changed $page"
	"$python" "$tests/manual.py" changed "$root/src" "$1" <help >out
	assertTrue "$2 is seen" '[ -s out ]'
}

test_switches() {
	agrees switches
	differs switches 's/^.It Fl -workers/.It Fl -slaves/'
}

test_types() {
	# with their other names, and as many parameters
	agrees types
	differs types 's/^.It Cm TCP-LISTEN : Ns Ar port/& : Ns Ar host/'
	differs types 's/^.It Cm VSOCK-LISTEN.*//'
	differs types 's/, INET-LISTEN//'
}

test_options() {
	# with their other names, under the heading of their group
	agrees options
	differs options 's/^.It Cm max-rate/.It Cm min-rate/'
	differs options 's/Pq Cm maxchildren//'
	differs options 's/^.Ss Trying again (RETRY)/.Ss Trying again (FD)/'
	differs options 's/^.It so-passcred/.It so-peercred/'
}

test_environment() {
	agrees environment
	differs environment 's/NOTIFY_SOCKET ,//'
	differs environment 's/^.It Ev HOSTNAME/.It Ev HOSTNAME , HOSTTYPE/'
}

test_signals() {
	agrees signals
	differs signals 's/SIGQUIT//'
}

test_form() {
	# mandoc finds nothing at all; which other pages there are, and its index of them, is no
	# matter of this page but of the machine
	mandoc -T lint "$page" >findings 2>&1
	grep -v -e 'STYLE: referenced manual not found: Xr ' -e 'outdated mandoc.db lacks ' findings >out
	assertEquals '' "$(cat out)"
	printf '.Sh NOSUCH\n.Foo\n' | cat "$page" - >changed
	mandoc -T lint changed >findings 2>&1
	assert_log findings 'unknown macro'
}

# ready COMMAND-LINE: true if nothing is wrong with it: the one thing that fails is the lock file,
# which is taken behind all checks, and before anything is opened. Where messages go is left out: they
# are what is looked at.
ready() {
	printf 'exec "$0" -L "$1" %s\n' "$1" | sed 's/--log-format json//; s/-lf [^ ]*//' >command
	HOME=$dir run "$python" "$tests/activate.py" "$dir/passed" tcp -- \
		sh -c "$(cat command)" "$SOCAT" "$dir/no/such/lock"
	[ "$status" -eq 1 ] && grep -q 'no/such/lock' err && [ "$(grep -c ' E ' err)" -eq 1 ]
}

test_examples() {
	# each example is a command line that nothing is wrong with
	"$SOCAT" -hhh | "$python" "$tests/manual.py" "$page" "$root/src" examples >examples
	assertTrue 'examples' "[ $(wc -l <examples) -gt 40 ]"
	while IFS= read -r line; do
		ready "$line" || fail "$line: $(cat err)"
	done <examples
	assertFalse 'a wrong one is seen' "ready '- TCP:localhost:25,crlnl'"
}

. shunit2
