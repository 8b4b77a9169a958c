#!/bin/sh
# "make install" and "make uninstall".

# shellcheck disable=SC2034
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# make_it GOAL [VARIABLE=VALUE...]: in the sources, for $dir/to. Nothing is compiled: what was built
# is taken as it is.
make_it() {
	goal=$1
	shift
	run make -C "$root" --no-print-directory -o "$root/build/socat" -o build/socat "$goal" \
		DESTDIR="$dir/to" "$@"
	assert_status 0
}

test_install() {
	# each file is where its reader looks for it
	make_it install PREFIX=/opt/net
	(cd to/opt/net && find . -type f | sort) >files
	cat >expected <<-END
		./bin/socat
		./share/bash-completion/completions/socat
		./share/doc/socat/examples/socat-docker.service
		./share/doc/socat/examples/socat-forward.service
		./share/doc/socat/examples/socat-web.service
		./share/doc/socat/examples/socat-web.socket
		./share/doc/socat/examples/socat@.service
		./share/fish/vendor_completions.d/socat.fish
		./share/man/man1/socat.1
		./share/zsh/site-functions/_socat
	END
	assertEquals '' "$(diff expected files)"
	assertEquals 755 "$(stat -c %a to/opt/net/bin/socat)"
	assertEquals 644 "$(stat -c %a to/opt/net/share/doc/socat/examples/socat-web.socket)"
	assert_log to/opt/net/share/doc/socat/examples/socat-web.service '^ExecStart=/opt/net/bin/socat '
	run to/opt/net/bin/socat -V
	assert_log out '^socat version '
	make_it uninstall PREFIX=/opt/net
	assertEquals '' "$(find to -type f -o -name '*socat*')"
}

test_again() {
	# twice is once, and what others have put there stays
	make_it install
	make_it install
	: >to/usr/local/share/doc/socat/examples/mine
	make_it uninstall
	assertEquals to/usr/local/share/doc/socat/examples/mine "$(find to -type f)"
	rm to/usr/local/share/doc/socat/examples/mine
	make_it uninstall
	make_it uninstall
	assertEquals '' "$(find to -type f -o -name '*socat*')"
}

. shunit2
