"""UNIX datagram and raw IP peers for the test suites; standard library only.

datagram_peer.py SOCKET MODE ARGUMENT...

SOCKET: "unix:NAME" bound to that name ("@..." is abstract, "unix:" has none), or "raw:PROTOCOL:ADDRESS"
bound to that address. Where to send to is written likewise, without its kind. TEXT may be EMPTY
or N*C (N times the character C). Modes:
  send TO TEXT...       a packet for each
  ask TO TEXT...        the same, printing each answer and who sent it
  receive N [FILE]      say "ready", wait until FILE exists, print N packets and who sent them
  lengths N [FILE]      the same, printing their lengths only
  echo                  say "ready", send back what comes, until it is killed
"""
import os
import socket
import sys
import time

BOUND = 15


def unix_name(text):
    return "\0" + text[1:] if text.startswith("@") else text


def packet(text):
    if text == "EMPTY":
        return b""
    count, star, char = text.partition("*")
    return (char * int(count) if star else text).encode()


def shown(data, peer):
    name = peer[0] if isinstance(peer, tuple) else peer
    if isinstance(name, bytes):
        name = "@" + name[1:].decode() if name else None
    return "%s from %s" % (data.decode() or "EMPTY", name)


def open_socket(text):
    kind, _, rest = text.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400000)
        if rest:
            sock.bind(unix_name(rest))
        return sock, unix_name
    protocol, _, address = rest.partition(":")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_RAW, int(protocol))
    sock.bind((address, 0))
    return sock, lambda to: (to, 0)


def receive(sock):
    data, peer = sock.recvfrom(1000000)
    if sock.type == socket.SOCK_RAW and sock.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4:]
    return data, peer


def wait_for(file):
    end = time.monotonic() + BOUND
    while not os.path.exists(file):
        if time.monotonic() > end:
            sys.exit("no file " + file)
        time.sleep(0.01)


def main():
    sock, address = open_socket(sys.argv[1])
    sock.settimeout(BOUND)
    mode, args = sys.argv[2], sys.argv[3:]
    if mode in ("send", "ask"):
        for text in args[1:]:
            sock.sendto(packet(text), address(args[0]))
            if mode == "ask":
                print(shown(*receive(sock)), flush=True)
        return
    print("ready", flush=True)
    if mode == "echo":
        while True:
            data, peer = receive(sock)
            sock.sendto(data, peer)
    if len(args) > 1:
        wait_for(args[1])
    for _ in range(int(args[0])):
        data, peer = receive(sock)
        print(shown(data, peer) if mode == "receive" else len(data), flush=True)


try:
    main()
except (socket.timeout, OSError) as error:
    sys.exit("datagram_peer.py: %s" % error)
