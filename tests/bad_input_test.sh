#!/bin/sh
# Wrong command lines: each ends with status 1 and one exact error, and touches nothing.
#
# The table is bad_input.tsv: the words as for a shell, a tab, the error's text. With the
# environment variable SHOW_ERRORS set the actual table is printed instead of being tested.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

tab=$(printf '\t')

# What a wrong command line may not change or open.
prepare() {
	printf 'content\n' >file
	mkdir folder
	: >empty
}

# The state of the test's folder: names, kinds, modes, owners, sizes, times of change.
state() {
	find "$dir/work" -printf '%P %y %m %u %g %s %C@\n' | sort
}

# check_section TITLE: all lines of the table between that heading and the next.
check_section() {
	mkdir work
	cd work || return 1
	prepare
	before=$(state)
	section=$(awk -v title="## $1" '$0 == title { on = 1; next } /^##/ { on = 0 } on && NF' "$tests/bad_input.tsv")
	[ -z "${SHOW_ERRORS:-}" ] || echo "## $1"
	count=0
	while IFS=$tab read -r words expected; do
		check_line "$words" "$expected"
		count=$((count + 1))
	done <<-END
		$section
	END
	assertTrue "section '$1' has lines" "[ $count -ge 3 ]"
	assertEquals "files touched by '$1'" "$before" "$(state)"
	cd "$dir" || return 1
}

check_line() {
	# the words are written as for a shell
	words=$1 expected=$2
	set -f
	case $words in
	'(none)') set -- ;;
	*) eval "set -- $words" ;;
	esac
	set +f
	if [ -n "${SHOW_ERRORS:-}" ]; then
		run "$SOCAT" "$@" </dev/null
		printf '%s\t%s\n' "$words" "$(sed -n 's/^[^]]*\] E //p' ../err)"
		return
	fi
	if sanitized || emulated || ! command -v strace >/dev/null; then
		run "$SOCAT" "$@" </dev/null
	else
		run strace -f -o ../trace -e trace=socket,socketpair,pipe,pipe2,open,openat,creat,execve,fork,clone,vfork,unlink,unlinkat \
			"$SOCAT" "$@" </dev/null
		assertEquals "opened by: $words" '' "$(opened)"
	fi
	assertEquals "status of: $words" 1 "$status"
	assertEquals "error of: $words" "$expected" "$(sed -n 's/^[^]]*\] E //p' ../err)"
	assertEquals "lines besides warnings of: $words" 1 "$(grep -cv '^[^]]*\] W ' ../err)"
	assertEquals "output of: $words" 0 "$(wc -c <../out)"
}

# Calls in the trace that open something of the user's: the program itself and the system's
# tables of users, services and time zones don't count.
opened() {
	grep -Ev 'execve\(.*socat|"/(etc|usr|lib|proc|sys)/|\+\+\+|"/dev/null"|---' ../trace | sed 1q
}

test_switches() { check_section 'switches'; }
test_terminals() { check_section 'terminals'; }
test_number_of_addresses() { check_section 'number of addresses'; }
test_types() { check_section 'types'; }
test_impossible_types() { check_section 'impossible types'; }
test_parameters() { check_section 'parameters'; }
test_quoting() { check_section 'quoting'; }
test_unknown_options() { check_section 'unknown options'; }
test_options_of_other_types() { check_section 'options of other types'; }
test_missing_values() { check_section 'missing values'; }
test_unwanted_values() { check_section 'unwanted values'; }
test_numbers() { check_section 'numbers'; }
test_times() { check_section 'times'; }
test_modes_and_owners() { check_section 'modes and owners'; }
test_structured_values() { check_section 'structured values'; }
test_not_on_linux() { check_section 'not on Linux'; }
test_combinations() { check_section 'combinations'; }
test_too_long() { check_section 'too long'; }
test_sockets_of_other_kinds() { check_section 'sockets of other kinds'; }
test_inherited_sockets() { check_section 'inherited sockets'; }
test_devices_and_queues() { check_section 'devices and queues'; }
test_datagrams() { check_section 'datagrams'; }
test_packets_and_groups() { check_section 'packets and groups'; }
test_tls() { check_section 'TLS'; }
test_proxy_headers() { check_section 'PROXY headers'; }
test_socks() { check_section 'SOCKS'; }
test_proxies() { check_section 'proxies'; }
test_workers() { check_section 'workers'; }
test_metrics() { check_section 'metrics and health checks'; }
test_second_address() { check_section 'second address'; }

test_table_is_long_enough() {
	# the table is what it promises to be
	lines=$(grep -c "$tab" "$tests/bad_input.tsv")
	assertTrue "$lines lines" "[ $lines -ge 150 ]"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
