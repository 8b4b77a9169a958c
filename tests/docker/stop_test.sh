#!/bin/sh
# The end of a container, and what else process 1 has to do, without --init.

# shellcheck source=tests/docker/lib.sh
. "$(dirname "$0")/lib.sh"

# A relay with one session that transfers what is written to descriptor 9, and back to the
# file client.out; the client is process $client.
transferring() {
	listening --publish 127.0.0.1::8000 "$image" -d -d "$@" tcp-listen:8000,fork,reuseaddr pipe
	mkfifo words
	start_with words client "$SOCAT" -t "$BOUND" - "tcp4:127.0.0.1:$port"
	client=$pid
	exec 9>words
	echo begin >&9
	wait_until test -s client.out
}

# asked_to_stop: docker stop in the background, up to the moment the relay has heard of it.
asked_to_stop() {
	start stop docker stop --time $((BOUND * 2)) "$container"
	stopping=$pid
	wait_container_log "$container" ' W exiting on signal 15$'
}

test_idle() {
	# without a session it ends by itself, at once and in peace
	listening --publish 127.0.0.1::8000 "$image" -d -d tcp-listen:8000,fork,reuseaddr pipe
	client ask "127.0.0.1:$port" abc
	assert_out abc
	wait_container_log "$container" 'is at EOF' 2
	stop_container "$container"
	assertEquals 0 "$(exit_status_of "$container")"
	assert_container_log "$container" ' W exiting on signal 15$'
	refute_log container.log 'may finish within'
}

test_transfer_finishes() {
	# a running transfer goes on after the signal, to its end
	transferring
	asked_to_stop
	assert_container_log "$container" ' N 1 sessions may finish within 5 s$'
	random_file data 2000000
	cat data >&9
	exec 9>&-
	finish "$client"
	assertEquals 'client' 0 "$status"
	(echo begin; cat data) >expected.data
	assert_same expected.data client.out
	finish "$stopping"
	assertEquals 'docker stop' 0 "$status"
	assertEquals 0 "$(exit_status_of "$container")"
}

test_transfer_is_cut() {
	# a transfer that does not end is cut after the grace time, not before, not by a kill
	transferring
	began=$(date +%s)
	asked_to_stop
	finish "$stopping"
	assertEquals 'docker stop' 0 "$status"
	assertTrue 'not before' "[ $(($(date +%s) - began)) -ge 4 ]"
	assertEquals 143 "$(exit_status_of "$container")"
	exec 9>&-
	finish "$client"
	assert_file 'begin\n' client.out
}

test_grace_time_is_chosen() {
	# no grace time: a transfer is cut at once
	transferring --grace 0
	asked_to_stop
	finish "$stopping"
	assertEquals 'docker stop' 0 "$status"
	assertEquals 143 "$(exit_status_of "$container")"
	refute_log container.log 'may finish within'
	exec 9>&-
}

test_second_signal() {
	# a second signal cuts the grace time short
	transferring --grace 600
	docker kill --signal TERM "$container" >/dev/null
	wait_container_log "$container" ' N 1 sessions may finish within 600 s$'
	assertTrue 'still there' "is_running $container"
	docker kill --signal TERM "$container" >/dev/null
	wait_until has_ended "$container"
	assertEquals 143 "$(exit_status_of "$container")"
	exec 9>&-
}

test_several_processes() {
	# process 1 has others serve (--workers): a transfer finishes, and all are gone
	transferring --workers 2
	assertEquals 'processes' 2 "$(count_children "$(process_of "$container")")"
	asked_to_stop
	echo more >&9
	exec 9>&-
	finish "$client"
	assert_file 'begin\nmore\n' client.out
	finish "$stopping"
	assertEquals 0 "$(exit_status_of "$container")"
}

test_no_new_sessions() {
	# during the grace time nobody new gets in, and nothing new begins
	transferring --grace 600
	asked_to_stop
	client first "$(address_of "$container"):8000"
	assertNotEquals 0 "$status"
	assert_container_log "$container" ' N accepting connection from '
	assert_lines container.log ' N accepting connection from ' 1
	echo more >&9
	exec 9>&-
	finish "$client"
	assert_file 'begin\nmore\n' client.out
	finish "$stopping"
	assertEquals 0 "$(exit_status_of "$container")"
}

test_one_shot() {
	# process 1 without a server ends at once, though process 1 has no default actions
	for signal in TERM=143 INT=130 HUP=129 QUIT=131; do
		container --interactive --read-only "$image" -d -d - pipe
		wait_container_log "$container" 'starting data transfer loop'
		docker kill --signal "${signal%=*}" "$container" >/dev/null
		wait_until has_ended "$container"
		assertEquals "${signal%=*}" "${signal#*=}" "$(exit_status_of "$container")"
	done
}

# bring_busybox: a shell for a container that has none, in the file busybox.
bring_busybox() {
	cp -L "$(command -v busybox)" busybox
	ldd busybox >/dev/null 2>&1 || return 0
	echo 'skipped: needs a static busybox'
	startSkipping
	return 1
}

# inherit_orphan: a process of the container's loses its parent, so that process 1 inherits
# it, and then ends. A zombie would stay in the list of process 1's children.
inherit_orphan() {
	docker exec --detach "$container" /busybox sh -c \
		'until /busybox test -e /tmp/end; do /busybox usleep 50000; done & exec /busybox true'
	wait_until has_children "$pid" 1
	docker exec "$container" /busybox touch /tmp/end
	wait_until has_children "$pid" 0
}

test_orphans() {
	# processes that lost their parent don't stay as zombies, and do not disturb
	bring_busybox || return
	listening --volume "$dir/busybox:/busybox:ro" --tmpfs /tmp:mode=1777 \
		--publish 127.0.0.1::8000 "$image" -d -d tcp-listen:8000,fork,reuseaddr pipe
	inherit_orphan
	client ask "127.0.0.1:$port" abc
	assert_out abc
	stop_container "$container"
	assertEquals 0 "$(exit_status_of "$container")"
}

test_orphans_of_sleep() {
	# the same where process 1 only sleeps
	bring_busybox || return
	container --read-only --volume "$dir/busybox:/busybox:ro" --tmpfs /tmp:mode=1777 \
		--entrypoint sleep "$image" infinity
	pid=$(process_of "$container")
	inherit_orphan
	assertTrue 'sleeps on' "is_running $container"
}

test_programs() {
	# a session's program is gone once the session is over
	bring_busybox || return
	listening --volume "$dir/busybox:/busybox:ro" --publish 127.0.0.1::8000 "$image" -d -d \
		tcp-listen:8000,fork,reuseaddr 'exec:/busybox cat'
	client ask "127.0.0.1:$port" abc
	assert_out abc
	wait_until has_children "$pid" 0
	stop_container "$container"
	assertEquals 0 "$(exit_status_of "$container")"
}

# shellcheck source=/dev/null
. /usr/share/shunit2/shunit2
