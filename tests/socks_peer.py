"""SOCKS servers the test suites talk to; standard library only.

socks_peer.py server PORTFILE [--host H] MODE [ARG...]   serves until it is killed

PORTFILE is written (the port) once the server listens. What happens is told on standard
output, one line each.

Modes:
  script STEP...  the same steps for each connection, then echo; see class Script
  cuts STEP...    the same, but all that is said ends after 0, 1, ... bytes in the first,
                  second ... connection; after as many as there are, "all cut" is told
  proxy           a server that works: SOCKS4, 4A and 5 without a login, CONNECT and BIND
  flaky N         the same, but the first N connections are closed when they have asked

proxy tells "connect HOST:PORT" or "bind HOST:PORT" as it was asked to, and for BIND "bound PORT".
"""
import fcntl
import os
import socket
import struct
import sys
import termios
import threading
import time

BOUND = 60
OVER = object()


def tell(text):
    # one write, as threads share the descriptor
    os.write(1, (text + "\n").encode())


def read_exactly(conn, count):
    data = b""
    while len(data) < count:
        more = conn.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_text(conn):
    data = b""
    while not data.endswith(b"\0"):
        data += read_exactly(conn, 1)
    return data[:-1].decode()


class Script:
    """Steps of one connection:
      hear:N    take N bytes and tell them: "heard HEX"
      say:HEX   send these
      drip:HEX  the same, a byte at a time, each after the other side's kernel has the last
      from      tell where the connection comes from: "from HOST"
      mute      nothing until the peer ends the connection, which is told: "closed"
      close     end it, after what the peer has sent by then was taken
      reset     end it with a reset
    """

    def __init__(self, conn, peer, limit=None):
        self.conn, self.peer, self.left = conn, peer, limit

    def run(self, steps):
        for step in steps:
            name, _, argument = step.partition(":")
            if getattr(self, "do_" + name)(argument) is OVER:
                return
        while True:
            data = self.conn.recv(65536)
            if not data:
                return
            self.conn.sendall(data)

    def do_hear(self, count):
        tell("heard " + read_exactly(self.conn, int(count)).hex())

    def do_say(self, text):
        data = bytes.fromhex(text)
        if self.left is not None and self.left < len(data):
            self.conn.sendall(data[:self.left])
            return OVER
        if self.left is not None:
            self.left -= len(data)
        self.conn.sendall(data)
        return None

    def do_drip(self, text):
        self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in bytes.fromhex(text):
            self.conn.sendall(bytes([byte]))
            unsent = struct.pack("i", 1)
            while struct.unpack("i", unsent)[0]:
                time.sleep(0.001)
                unsent = fcntl.ioctl(self.conn, termios.TIOCOUTQ, unsent)

    def do_from(self, _):
        tell("from " + self.peer[0])

    def do_mute(self, _):
        while self.conn.recv(65536):
            pass
        tell("closed")
        return OVER

    def do_close(self, _):
        self.conn.shutdown(socket.SHUT_WR)
        while self.conn.recv(65536):
            pass
        return OVER

    def do_reset(self, _):
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return OVER


def said_in(steps):
    return sum(len(step.partition(":")[2]) // 2 for step in steps if step.startswith("say:"))


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # the one end is broken: so is the other
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def join(conn, other):
    with other:
        back = threading.Thread(target=pump, args=(other, conn), daemon=True)
        back.start()
        pump(conn, other)
        back.join()


class Proxy:
    """One client of a server that works."""

    def __init__(self, conn):
        self.conn = conn

    def hear(self):
        """Returns (version, command, host, port)."""
        if read_exactly(self.conn, 1) == b"\4":
            command, port, address = struct.unpack("!BH4s", read_exactly(self.conn, 7))
            read_text(self.conn)
            named = address[:3] == b"\0\0\0" and address[3]
            return 4, command, read_text(self.conn) if named else socket.inet_ntoa(address), port
        read_exactly(self.conn, read_exactly(self.conn, 1)[0])
        self.conn.sendall(b"\5\0")
        command, kind = struct.unpack("!xBxB", read_exactly(self.conn, 4))
        if kind == 1:
            host = socket.inet_ntoa(read_exactly(self.conn, 4))
        elif kind == 4:
            host = socket.inet_ntop(socket.AF_INET6, read_exactly(self.conn, 16))
        else:
            host = read_exactly(self.conn, read_exactly(self.conn, 1)[0]).decode()
        return 5, command, host, struct.unpack("!H", read_exactly(self.conn, 2))[0]

    def reply5(self, code, peer=("0.0.0.0", 0)):
        self.conn.sendall(struct.pack("!BBBB4sH", 5, code, 0, 1, socket.inet_aton(peer[0]),
                                      peer[1]))

    def connect(self, version, host, port):
        tell("connect %s:%d" % (host, port))
        try:
            other = socket.create_connection((host, port), timeout=BOUND)
            other.settimeout(None)
        except OSError:
            if version == 4:
                self.conn.sendall(b"\0\x5b" + bytes(6))
            else:
                self.reply5(5)
            return
        if version == 4:
            self.conn.sendall(b"\0\x5a" + bytes(6))
        else:
            self.reply5(0)
        join(self.conn, other)

    def bind(self, host, port):
        tell("bind %s:%d" % (host, port))
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(1)
            tell("bound %d" % listener.getsockname()[1])
            self.reply5(0, ("0.0.0.0", listener.getsockname()[1]))
            other, peer = listener.accept()
        self.reply5(0, peer)
        join(self.conn, other)

    def run(self, broken):
        version, command, host, port = self.hear()
        if broken:
            return
        if command == 1:
            self.connect(version, host, port)
        else:
            self.bind(host, port)


class Server:
    def __init__(self, mode, args):
        self.mode, self.args = mode, args

    def serve(self, listener):
        count = 0
        while True:
            conn, peer = listener.accept()
            threading.Thread(target=self.handle, args=(conn, peer, count), daemon=True).start()
            count += 1

    def handle(self, conn, peer, number):
        try:
            with conn:
                getattr(self, "do_" + self.mode)(conn, peer, number)
        except ConnectionError:
            tell("closed")
        except (OSError, EOFError) as error:
            print("connection %d: %r" % (number, error), file=sys.stderr, flush=True)

    def do_script(self, conn, peer, _):
        Script(conn, peer).run(self.args)

    def do_cuts(self, conn, peer, number):
        if number + 1 == said_in(self.args):
            tell("all cut")
        Script(conn, peer, number).run(self.args)

    def do_proxy(self, conn, _peer, _number):
        Proxy(conn).run(False)

    def do_flaky(self, conn, _peer, number):
        Proxy(conn).run(number < int(self.args[0]))


def publish(path, text):
    with open(path + ".part", "w") as out:
        out.write(text)
    os.rename(path + ".part", path)


def main(argv):
    portfile, rest = argv[1], argv[2:]
    host = "127.0.0.1"
    if rest[0] == "--host":
        host, rest = rest[1], rest[2:]
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.bind((host, 0))
    listener.listen(200)
    publish(portfile, str(listener.getsockname()[1]))
    Server(rest[0], rest[1:]).serve(listener)


if __name__ == "__main__":
    main(sys.argv[1:])
