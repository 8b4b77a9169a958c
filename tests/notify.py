"""A service manager's socket (sd_notify(3)), for the test suites; standard library only.

notify.py FILE NAME     NAME: a path, or an abstract name with "@" in front

Writes each line that comes to FILE, behind the number of the process that has sent it. Ends when it
is killed. FILE is there when messages may come.
"""
import os
import socket
import struct
import sys


def main(out, name):
    if name.startswith("@"):
        name = "\0" + name[1:]
    elif os.path.exists(name):
        os.unlink(name)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    sock.bind(name)
    with open(out, "a") as file:
        while True:
            data, control, _, _ = sock.recvmsg(65536, 256)
            pid = struct.unpack("3i", control[0][2])[0]
            for line in data.decode().rstrip("\n").split("\n"):
                file.write("%d %s\n" % (pid, line))
            file.flush()


main(*sys.argv[1:])
