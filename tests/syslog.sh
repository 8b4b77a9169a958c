# Helper of the suites about messages to syslog. Sourced after lib.sh.
# shellcheck shell=sh disable=SC2154

# with_syslog COMMAND...: run it with a datagram socket in place of /dev/log, in a mount namespace; what
# that has got is in the file syslog.
with_syslog() {
	cat >syslog.sh <<'END'
folder=$1
mount -t tmpfs none /dev/shm 2>/dev/null || mount -t tmpfs none /mnt
rm -f "$1/log.socket"
"$PYTHON" - "$1" <<'PY' &
import os, socket, sys
path = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(path + "/log.socket")
os.chmod(path + "/log.socket", 0o666)
receiver.settimeout(30)
open(path + "/ready", "w").close()
with open(path + "/syslog", "ab", 0) as out:
    while True:
        out.write(receiver.recv(9000).rstrip(b"\0\n") + b"\n")
PY
receiver=$!
until [ -e "$1/ready" ]; do sleep 0.02; done
mkdir "$1/dev" && mount -t tmpfs none "$1/dev"
ln -s "$1/log.socket" "$1/dev/log"
for device in null zero urandom; do touch "$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
mount --rbind "$1/dev" /dev
shift
"$@"
status=$?
"$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"the end", "/dev/log")'
until grep -q "^the end" "$folder/syslog"; do sleep 0.02; done
kill "$receiver"
exit $status
END
	PYTHON=$python run unshare --mount --propagation private sh syslog.sh "$dir" "$@"
}
