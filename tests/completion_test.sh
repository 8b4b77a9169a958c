#!/bin/sh
# What shells offer when somebody presses TAB behind "socat".

# shellcheck disable=SC2034,SC2016
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
completions=$root/src/completions

# offers LINE: what bash offers, to the file out; what readline does not replace is cut off.
offers() {
	run bash --norc --noprofile -c '. "$1"
		COMP_LINE=$2 COMP_POINT=${#2}
		_socat
		printf "%s\n" "${COMPREPLY[@]}"' - "$completions/socat.bash" "$1"
	assert_status 0
	assert_file '' err
}

# fish_offers LINE: the same for fish, which shows whole words.
fish_offers() {
	run env HOME="$dir" fish --no-config -c "source $completions/socat.fish; complete -C '$1'"
	assert_file '' err
}

assert_offer() {
	for word in "$@"; do
		assertTrue "not offered: $word" "grep -qxF -e '$word' out"
	done
}

refute_offer() {
	for word in "$@"; do
		assertFalse "offered: $word" "grep -qxF -e '$word' out"
	done
}

# completes LINE EXPECTED: all three shells make that of the line.
completes() {
	for shell in bash zsh fish; do
		case $shell in
		bash) setup=". $completions/socat.bash" ;;
		zsh) cp "$completions/_socat" . && setup= ;;
		fish) setup="source $completions/socat.fish" ;;
		esac
		run "$python" "$tests/complete.py" "$shell" "$setup" "$1"
		assertEquals "$shell: $1 $(cat err)" "$2" "$(cat out)"
	done
}

test_up_to_date() {
	# they are what "make completions" would write
	run "$python" "$completions/generate.py" "$SOCAT" "$dir"
	assert_status 0
	for file in socat.bash _socat socat.fish; do
		assertTrue "$file: run make completions" "cmp $file $completions/$file"
	done
}

test_types() {
	offers 'socat '
	assert_offer - TCP-LISTEN: UDP-LISTEN: STDIO EXEC: OPENSSL-LISTEN:
	refute_offer TCP-L: SSL-L:
	offers 'socat - tcp-l'
	assert_offer tcp-listen: tcp-l:
	refute_offer TCP-LISTEN: tcp-connect:
	fish_offers 'socat TCP-L'
	assert_offer TCP-LISTEN: TCP-L:
	refute_offer UDP-LISTEN:
}

test_options_by_type() {
	# an option is offered where it can be used, by its other names too when one has begun
	offers 'socat TCP-LISTEN:80,'
	assert_offer 80,fork 80,so-reuseaddr 80,max-children= 80,umask=
	refute_offer 80,maxchildren= 80,openssl-verify
	offers 'socat TCP-LISTEN:80,fork,max'
	assert_offer 80,fork,max-children= 80,fork,max-rate= 80,fork,maxchildren=
	offers 'socat OPEN:/etc/passwd,f'
	refute_offer /etc/passwd,fork
	assert_offer /etc/passwd,f-setlk
	fish_offers 'socat TCP-LISTEN:80,fork,max-r'
	assert_offer TCP-LISTEN:80,fork,max-rate=
}

test_every_type() {
	# the options of each type are just those that the binary accepts
	"$SOCAT" -hhh >help
	awk '/   opts:/ { exit } match($0, /groups=.*/) {
		groups = substr($0, RSTART + 7)
		sub(/[^A-Z0-9-].*/, "", $1)
		print $1, groups
	}' help >types
	assertTrue 'types' "[ $(wc -l <types) -gt 100 ]"
	cat >check.bash <<-END
		. "$completions/socat.bash"
		while read -r type groups; do
			__socat_options "\$type" | tr ' ' '\n' | sed 's/=\$//; /^\$/d' | sort -u >offered
			awk -v groups=",\$groups,(all),PROCESS,APPL," '/   opt:/ { on = 1 }
				on && match(\$0, /groups=[^\t ]*/) {
					n = split(substr(\$0, RSTART + 7, RLENGTH - 7), own, ",")
					for (i = 1; i <= n; i++)
						if (index(groups, "," own[i] ",")) { print \$1; break }
				}' help | sort -u >wanted
			cmp offered wanted || echo "\$type: \$(diff offered wanted | head -n 5)"
		done <types
	END
	run bash --norc check.bash
	assert_out ''
	assert_file '' err
}

test_values() {
	offers 'socat OPENSSL-LISTEN:1,min-proto-version='
	assert_offer TLS1 TLS1.1 TLS1.2
	offers 'socat TCP-LISTEN:1,fork='
	assert_offer 0 1
	offers 'socat TCP-LISTEN:1,su=roo'
	assert_offer root
	: >server.pem
	mkdir keys
	offers 'socat OPENSSL-LISTEN:1,cert=ser'
	assert_offer server.pem
	offers 'socat OPENSSL-LISTEN:1,cert=k'
	assert_offer keys/
	fish_offers 'socat OPENSSL-LISTEN:1,cert=ser'
	assert_offer OPENSSL-LISTEN:1,cert=server.pem
}

test_switches() {
	offers 'socat --'
	assert_offer --grace --workers --metrics --healthcheck --statistics --experimental
	offers 'socat --metrics 91'
	assert_file '\n' out
	offers 'socat -d -lyda'
	assert_offer -lydaemon
	: >data.log
	offers 'socat -r da'
	assert_offer data.log
	offers 'socat -lf da'
	assert_offer data.log
	offers 'socat --grace 5'
	assert_file '\n' out
	fish_offers 'socat --stat'
	assert_offer --statistics
}

test_keys() {
	# as typed, in each of the shells
	: >data.sock
	completes 'socat TCP4-LIS' 'socat TCP4-LISTEN:'
	completes 'socat tcp4-lis' 'socat tcp4-listen:'
	completes 'socat TCP-LISTEN:80,fork,max-ra' 'socat TCP-LISTEN:80,fork,max-rate='
	completes 'socat - UNIX-CONNECT:data.s' 'socat - UNIX-CONNECT:data.sock'
	completes 'socat OPENSSL-LISTEN:1,cert=data.s' 'socat OPENSSL-LISTEN:1,cert=data.sock'
	completes 'socat OPENSSL:h:1,accept-proxy=out' 'socat OPENSSL:h:1,accept-proxy=outside'
	completes 'socat STDIN!!TCP4-LIS' 'socat STDIN!!TCP4-LISTEN:'
	completes 'socat -d --stat' 'socat -d --statistics'
	completes 'socat -d -lylocal7 -r data' 'socat -d -lylocal7 -r data.sock'
	completes 'socat ./data' 'socat ./data.sock'
}

test_quotes() {
	# within a quote that is open readline has no borders of words but blanks
	: >data.sock
	setup=". $completions/socat.bash"
	while read -r line expected; do
		run "$python" "$tests/complete.py" bash "$setup" "socat $line"
		assertEquals "$line $(cat err)" "socat $expected" "$(cat out | sed "s/[\"']\$//")"
	done <<-'END'
		"TCP-LISTEN:80,max-ra "TCP-LISTEN:80,max-rate=
		'OPENSSL-LISTEN:1,cert=data.s 'OPENSSL-LISTEN:1,cert=data.sock
		'STDIN!!TCP4-LIS 'STDIN!!TCP4-LISTEN:
		"UNIX-CONNECT:data.s "UNIX-CONNECT:data.sock
	END
}

. shunit2
