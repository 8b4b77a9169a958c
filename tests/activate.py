"""Start a program with sockets, as a service manager does (sd_listen_fds(3)); standard library only.

activate.py PORTFILE [--first N] [--names A:B] [--pid us|other|none] SOCKET... -- COMMAND...

The sockets get the numbers 3, 4 ... (N, N+1 ... with --first). LISTEN_FDS, LISTEN_PID and, with
--names, LISTEN_FDNAMES are set unless --pid is none. PORTFILE gets a line per socket: its TCP
port, its path, or "-". Then the command takes this process's place.

SOCKET: tcp, tcp6, unix:PATH, seqpacket:PATH listen; udp, idle (does not listen), connection do
not.
"""
import os
import socket
import sys

kept = []


def make(kind):
    kind, _, path = kind.partition(":")
    if kind in ("tcp", "tcp6", "idle"):
        sock = socket.socket(socket.AF_INET6 if kind == "tcp6" else socket.AF_INET)
        sock.bind(("::1" if kind == "tcp6" else "127.0.0.1", 0))
    elif kind in ("unix", "seqpacket"):
        sock = socket.socket(socket.AF_UNIX,
                             socket.SOCK_STREAM if kind == "unix" else socket.SOCK_SEQPACKET)
        sock.bind(path)
    elif kind == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
    else:
        sock, other = socket.socketpair()
        kept.append(other)
    if kind in ("tcp", "tcp6", "unix", "seqpacket"):
        sock.listen(128)
    name = sock.getsockname()
    return sock, path or (str(name[1]) if isinstance(name, tuple) else "-")


def main(argv):
    portfile, rest = argv[0], argv[1:]
    first, names, pid, sockets = 3, None, "us", []
    while rest[0] != "--":
        word = rest.pop(0)
        if word == "--first":
            first = int(rest.pop(0))
        elif word == "--names":
            names = rest.pop(0)
        elif word == "--pid":
            pid = rest.pop(0)
        else:
            sockets.append(make(word))
    # out of the way of the numbers they are going to get
    high = [os.dup2(sock.fileno(), 200 + i, inheritable=False)
            for i, (sock, _) in enumerate(sockets)]
    for i, fd in enumerate(high):
        os.dup2(fd, first + i, inheritable=True)
    if pid != "none":
        os.environ["LISTEN_FDS"] = str(len(sockets))
        os.environ["LISTEN_PID"] = str(os.getpid() if pid == "us" else 1)
        if names is not None:
            os.environ["LISTEN_FDNAMES"] = names
    with open(portfile + ".part", "w") as out:
        out.write("".join(text + "\n" for _, text in sockets))
    os.rename(portfile + ".part", portfile)
    os.execvp(rest[1], rest[1:])


main(sys.argv[1:])
