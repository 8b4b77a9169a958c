#!/bin/sh
# What the image consists of, and how it is used besides relaying.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

setting() {
	docker image inspect --format "$1" "$image"
}

# The image's files as the archive files.tar.
export_image() {
	container=$(docker create --label "socat.test=$$" "$image")
	docker export --output files.tar "$container"
}

test_settings() {
	# it runs the program as user 255, and says what it is
	assertEquals '[/bin/socat]' "$(setting '{{.Config.Entrypoint}}')"
	assertEquals '[]' "$(setting '{{.Config.Cmd}}')"
	assertEquals 255:255 "$(setting '{{.Config.User}}')"
	assertEquals socat "$(setting '{{index .Config.Labels "org.opencontainers.image.title"}}')"
	run_container "$image" -V
	version=$(sed -n 's/^socat version \([^ ]*\) on .*/\1/p' out)
	assertNotNull 'version' "$version"
	assertEquals "$version" \
		"$(setting '{{index .Config.Labels "org.opencontainers.image.version"}}')"
}

test_size() {
	# all of it is less than a megabyte
	size=$(setting '{{.Size}}')
	assertTrue "$size bytes" "[ $size -gt 300000 ] && [ $size -lt 1000000 ]"
}

test_files() {
	# one binary, two links, what the program reads, licences; the engine adds only empty files
	export_image
	tar --numeric-owner -tvf files.tar | awk '/^-/ && $3 > 0 { print $1, $2, $6 }' | sort >found
	cat >expected <<-'END'
		-rw-r--r-- 0/0 etc/group
		-rw-r--r-- 0/0 etc/passwd
		-rw-r--r-- 0/0 etc/ssl/certs/ca-certificates.crt
		-rw-r--r-- 0/0 usr/share/licenses/socat/LICENSE
		-rw-r--r-- 0/0 usr/share/licenses/socat/LICENSE.bearssl
		-rw-r--r-- 0/0 usr/share/licenses/socat/LICENSE.libcap2
		-rw-r--r-- 0/0 usr/share/licenses/socat/LICENSE.musl
		-rwxr-xr-x 0/0 bin/socat
	END
	assertEquals "$(cat expected)" "$(cat found)"
	tar --numeric-owner -tvf files.tar | awk '/^l/ { print $6, $7, $8 }' | grep -v ^etc/ | sort >found
	assertEquals "$(printf '%s\n' 'bin/sleep -> socat' 'usr/bin -> /bin')" "$(cat found)"
}

test_capability() {
	# the binary may have the one capability, and has it only when it asks for it
	export_image
	"$python" - >found <<-'END'
		import struct, tarfile
		for member in tarfile.open("files.tar"):
		    value = member.pax_headers.get("SCHILY.xattr.security.capability")
		    if value is not None:
		        value = value.encode("utf-8", "surrogateescape")
		        magic, permitted, inheritable = struct.unpack("<III", value[:12])
		        print(member.name, "revision", magic >> 24, "effective", magic & 1,
		              "permitted", hex(permitted), "inheritable", hex(inheritable))
	END
	assertEquals "$(printf 'bin/socat revision 2 effective 0 permitted 0x400 inheritable 0x0')" \
		"$(cat found)"
}

test_certificates() {
	# the certificates are Debian's, complete
	export_image
	tar -xf files.tar etc/ssl/certs/ca-certificates.crt
	assertTrue 'many' "[ $(grep -c 'BEGIN CERTIFICATE' etc/ssl/certs/ca-certificates.crt) -gt 50 ]"
}

test_plain_run() {
	# without arguments it says what is missing, like the program does
	run_container "$image"
	assert_error 'exactly 2 addresses required'
}

test_input_and_output() {
	# as one end of a pipe of the host's, read-only and without a network
	random_file data 3000000
	run_container --interactive --network none "$image" - pipe <data
	assert_status 0
	assert_same data out
}

test_program_of_its_own() {
	# programs are found in the PATH, by another user, too
	run_container --user 1234:1234 "$image" -u 'exec:socat -V' -
	assert_status 0
	assert_log out '^socat version '
	run_container --entrypoint /usr/bin/socat "$image" -V
	assert_log out '^socat version '
}

test_sleep() {
	# a debug pod: it sleeps until it is stopped, and socat runs in it
	container --read-only --entrypoint sleep "$image" infinity
	run docker exec "$container" socat -V
	assert_status 0
	assert_log out '^socat version '
	given 'through a second process\n'
	run docker exec --interactive "$container" socat - pipe <in
	assert_status 0
	assert_out 'through a second process\n'
	assertTrue 'still there' "is_running $container"
	stop_container "$container"
	assertEquals 143 "$(exit_status_of "$container")"
}

test_sleep_for_a_time() {
	# it wakes up in the end; what is no time is refused
	run_container --entrypoint /usr/bin/sleep "$image" 0.2
	assert_status 0
	for wrong in never 1x -1 nan ''; do
		run_container --entrypoint /bin/sleep "$image" "$wrong"
		assert_status 1
		assert_log err "^sleep: \"$wrong\" is not a number of seconds\$"
	done
}

test_port_forward_through_exec() {
	# a service of the pod's network, reached through the sleeping container
	container "$base" sh -c 'echo greeting >/tmp/answer; exec nc -l -p 7000 -e cat /tmp/answer'
	service=$container
	container --read-only --network "container:$service" --entrypoint sleep "$image" infinity
	wait_until eval 'docker exec "$service" netstat -ltn | grep -q :7000'
	run docker exec --interactive "$container" socat - tcp4:127.0.0.1:7000
	assert_status 0
	assert_out 'greeting\n'
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
