"""UDP servers and clients for the test suites; standard library only.

udp_peer.py server PORTFILE MODE [ARG] [--lite] [--host H]   serves until it is killed
udp_peer.py client MODE PORT [ARG...] [--lite] [--host H] [--from PORT]   status 0: all went well

PORTFILE gets the port once the server can be sent to. Server modes:
  echo            send each packet back with "<" and ">" around it
  collect FILE    append a line for each packet to FILE: its length and, of short ones, the text
  silent          read, never answer

Client modes; TEXT may be EMPTY (a packet without bytes) or N*C (N times the character C, NL for a
newline):
  send PORT TEXT...     a packet for each
  ask PORT TEXT...      a packet for each, printing the answer before the next one is sent
  late PORT N           N packets "0", "1" ... at once, then print all answers until none comes
  hold PORT TEXT        ask, then keep the socket until standard input ends, asking for each line
  many PORT N ROUNDS    N sockets; each sends "socket-round-k" three times a round and wants the
                        echoes, in order; --plain: without "<" and ">"
  burst PORT N          a packet from each of N sockets, no answers wanted
  answers PORT N        a packet from each of N sockets; print how many are answered within 3 s of
                        the answer before
  insist PORT TEXT      send the packet ten times a second until it comes back
  flood PORT N SOCKETS  N packets of 100 bytes from so many sockets, as fast as can be
  from PORT TEXT        like ask, printing also who answered
"""
import select
import socket
import sys

BOUND = 15
LITE = 136


def option(name, default):
    if name not in sys.argv:
        return default
    at = sys.argv.index(name)
    value = sys.argv[at + 1]
    del sys.argv[at:at + 2]
    return value


def flag(name):
    if name not in sys.argv:
        return False
    sys.argv.remove(name)
    return True


HOST = option("--host", "127.0.0.1")
FROM = int(option("--from", "0"))
PLAIN = flag("--plain")
PROTOCOL = LITE if flag("--lite") else 0


def new_socket(port=0, host=None):
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM, PROTOCOL)
    if host is not None or port:
        sock.bind((host or ("::" if family == socket.AF_INET6 else "0.0.0.0"), port))
    sock.settimeout(BOUND)
    return sock


def packet(text):
    if text == "EMPTY":
        return b""
    count, star, char = text.partition("*")
    return (char.replace("NL", "\n") * int(count) if star else text).encode()


def shown(data):
    return "EMPTY" if not data else data.decode() if len(data) < 200 else "%d bytes" % len(data)


def serve(portfile, mode, arg=None):
    sock = new_socket(host=HOST)
    sock.settimeout(None)
    with open(portfile + ".new", "w") as file:
        file.write("%d" % sock.getsockname()[1])
    import os
    os.rename(portfile + ".new", portfile)
    while True:
        data, peer = sock.recvfrom(70000)
        if mode == "echo":
            sock.sendto(b"<" + data + b">", peer)
        elif mode == "collect":
            with open(arg, "a") as file:
                file.write("%d %s\n" % (len(data), shown(data)))


def ask(sock, text):
    sock.send(packet(text))
    return shown(sock.recv(70000))


def many(port, count, rounds):
    socks = [new_socket() for _ in range(count)]
    for sock in socks:
        sock.connect((HOST, port))
    for turn in range(rounds):
        for start in range(0, count, 20):
            some = range(start, min(start + 20, count))
            for i in some:
                for k in range(3):
                    socks[i].send(b"%d-%d-%d" % (i, turn, k))
            for i in some:
                for k in range(3):
                    got, want = socks[i].recv(100), b"%d-%d-%d" % (i, turn, k)
                    want = want if PLAIN else b"<" + want + b">"
                    if got != want:
                        sys.exit("got %r instead of %r" % (got, want))
    print("all came back")


def answered(socks):
    left, count = set(socks), 0
    while left:
        ready = select.select(list(left), [], [], 3)[0]
        if not ready:
            break
        left -= set(ready)
        count += len(ready)
    return count


def main():
    if sys.argv[1] == "server":
        serve(*sys.argv[2:])
    mode, port, args = sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    if mode == "many":
        many(port, int(args[0]), int(args[1]))
        return
    if mode == "burst":
        for _ in range(int(args[0])):
            new_socket().sendto(b"x", (HOST, port))
        return
    if mode == "answers":
        socks = [new_socket() for _ in range(int(args[0]))]
        for sock in socks:
            sock.sendto(b"x", (HOST, port))
        print(answered(socks))
        return
    if mode == "flood":
        socks = [new_socket() for _ in range(int(args[1]))]
        for i in range(int(args[0])):
            socks[i % len(socks)].sendto(b"x" * 100, (HOST, port))
        return
    sock = new_socket(FROM)
    if mode == "from":
        sock.sendto(packet(args[0]), (HOST, port))
        data, peer = sock.recvfrom(70000)
        print(shown(data), peer[0], peer[1])
        return
    sock.connect((HOST, port))
    if mode == "send":
        for text in args:
            sock.send(packet(text))
    elif mode == "ask":
        for text in args:
            print(ask(sock, text), flush=True)
    elif mode == "late":
        for i in range(int(args[0])):
            sock.send(b"%d" % i)
        for i in range(int(args[0])):
            print(shown(sock.recv(70000)), flush=True)
    elif mode == "insist":
        sock.settimeout(0.1)
        for _ in range(BOUND * 10):
            try:
                if ask(sock, args[0]) == args[0]:
                    return
            except socket.timeout:
                pass
        sys.exit("it never came back")
    elif mode == "hold":
        print(ask(sock, args[0]), flush=True)
        for line in sys.stdin:
            print(ask(sock, line.rstrip("\n")), flush=True)


try:
    main()
except (socket.timeout, OSError) as error:
    sys.exit("udp_peer.py: %s" % error)
