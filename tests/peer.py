"""Servers and clients the test suites talk to; standard library only.

peer.py server PORTFILE MODE [ARG] [--host H | --unix PATH]   serves until it is killed
peer.py client MODE ADDRESS [ARG...]                          ends with status 0 if all went well

PORTFILE is written (the TCP port, or the path) once the server listens. ADDRESS is
HOST:PORT or unix:PATH.

Server modes:
  echo          send back what comes, end after the client's end
  late S        read to the client's end, wait S seconds, answer "late N" (N: bytes read)
  collect DIR   write each connection's bytes to DIR/1, DIR/2, ...; no answer
  say TEXT      send the text, then end
  early TEXT    send the text and end, then take what comes; its SHA-256 goes to PORTFILE.sum
  answer SEED N read to the client's end, its SHA-256 goes to PORTFILE.sum; then send N bytes
  whoami        send "ADDRESS PORT" of the client as seen here, then end
  silent        accept, then neither read nor write
  hello-echo    send "hello N\\n" (N: number of the connection), then echo
  full SEED N   send N bytes made from SEED while reading; at the client's end write
                the SHA-256 of what came to PORTFILE.sum
  reset         read one byte, then close with a reset

Client modes:
  many ADDRESS N [SIZE]  N connections at once, each with data of its own to an echo server
  hold ADDRESS N         open N connections, use each once, print "held N", keep them open
                         until standard input ends
  full ADDRESS SEED N    the counterpart of the server's "full"; prints the SHA-256 of what came
  ask ADDRESS TEXT [S]   send the text, shut down writing, print the answer; S: wait so many
                         seconds before shutting down
  abort ADDRESS N        send N bytes, then close with a reset
  first ADDRESS          connect, print what comes first, end

peer.py dns PORTFILE ADDRESS SECONDS NAME=IP...   a name server on ADDRESS:53 whose answers
                         to names starting with "slow" come so many seconds late; an
                         address may be asked for as 9.0.0.127.in-addr.arpa=NAME, and
                         what is =mute is never answered
"""
import hashlib
import os
import random
import select
import socket
import struct
import sys
import threading
import time

BOUND = 60


def data_from(seed, count):
    """Bytes that differ everywhere, the same for the same seed, in blocks."""
    maker = random.Random(seed)
    while count > 0:
        block = maker.randbytes(min(count, 65536))
        yield block
        count -= len(block)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def read_all(conn):
    parts = []
    while True:
        part = conn.recv(65536)
        if not part:
            return b"".join(parts)
        parts.append(part)


def exchange(conn, seed, count):
    """Send seeded data and read at the same time; the SHA-256 of what came."""
    digest = hashlib.sha256()

    def sender():
        for block in data_from(seed, count):
            conn.sendall(block)
        conn.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=sender)
    thread.start()
    while True:
        part = conn.recv(262144)
        if not part:
            break
        digest.update(part)
    thread.join()
    return digest.hexdigest()


def expected_sum(seed, count):
    digest = hashlib.sha256()
    for block in data_from(seed, count):
        digest.update(block)
    return digest.hexdigest()


class Server:
    def __init__(self, portfile, mode, args):
        self.portfile, self.mode, self.args = portfile, mode, args
        self.count = 0
        self.kept = []

    def serve(self, listener):
        while True:
            conn, peer = listener.accept()
            self.count += 1
            threading.Thread(target=self.handle, args=(conn, peer, self.count),
                             daemon=True).start()

    def handle(self, conn, peer, number):
        try:
            getattr(self, "do_" + self.mode.replace("-", "_"))(conn, peer, number)
        except OSError as error:
            print("connection %d: %s" % (number, error), file=sys.stderr, flush=True)

    def do_echo(self, conn, peer, number):
        with conn:
            while True:
                part = conn.recv(65536)
                if not part:
                    break
                conn.sendall(part)

    def do_hello_echo(self, conn, peer, number):
        conn.sendall(b"hello %d\n" % number)
        self.do_echo(conn, peer, number)

    def do_late(self, conn, peer, number):
        with conn:
            got = read_all(conn)
            time.sleep(float(self.args[0]))
            conn.sendall(b"late %d\n" % len(got))

    def do_collect(self, conn, peer, number):
        path = os.path.join(self.args[0], str(number))
        with conn, open(path + ".part", "wb") as out:
            while True:
                part = conn.recv(65536)
                if not part:
                    break
                out.write(part)
                out.flush()
        os.rename(path + ".part", path)

    def do_say(self, conn, peer, number):
        with conn:
            conn.sendall(self.args[0].encode())

    def write_sum(self, digest):
        publish(self.portfile + ".sum", digest.hexdigest())

    def do_early(self, conn, peer, number):
        with conn:
            conn.sendall(self.args[0].encode())
            conn.shutdown(socket.SHUT_WR)
            self.write_sum(hashlib.sha256(read_all(conn)))

    def do_answer(self, conn, peer, number):
        with conn:
            self.write_sum(hashlib.sha256(read_all(conn)))
            for block in data_from(self.args[0], int(self.args[1])):
                conn.sendall(block)

    def do_whoami(self, conn, peer, number):
        with conn:
            if isinstance(peer, tuple):
                text = "%s %d\n" % (peer[0], peer[1])
            else:
                text = "%s\n" % (peer.decode().replace("\0", "@") if isinstance(peer, bytes)
                                 else peer)
            conn.sendall(text.encode())

    def do_silent(self, conn, peer, number):
        self.kept.append(conn)

    def do_full(self, conn, peer, number):
        with conn:
            total = exchange(conn, self.args[0], int(self.args[1]))
            with open(self.portfile + ".sum.part", "w") as out:
                out.write(total)
            os.rename(self.portfile + ".sum.part", self.portfile + ".sum")

    def do_reset(self, conn, peer, number):
        conn.recv(1)
        reset(conn)


def publish(path, text):
    with open(path + ".part", "w") as out:
        out.write(text)
    os.rename(path + ".part", path)


def server(argv):
    host, path, args = "127.0.0.1", None, []
    portfile, mode, rest = argv[0], argv[1], argv[2:]
    port = 0
    while rest:
        word = rest.pop(0)
        if word == "--host":
            host = rest.pop(0)
        elif word == "--port":
            port = int(rest.pop(0))
        elif word == "--unix":
            path = rest.pop(0)
        else:
            args.append(word)
    if path is not None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path.replace("@", "\0", 1) if path.startswith("@") else path)
    else:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    listener.listen(4096)
    publish(portfile, path if path is not None else str(listener.getsockname()[1]))
    Server(portfile, mode, args).serve(listener)


def connect(address):
    if address.startswith("unix:"):
        conn = socket.socket(socket.AF_UNIX)
        conn.settimeout(BOUND)
        target = address[5:]
        conn.connect(target.replace("@", "\0", 1) if target.startswith("@") else target)
        return conn
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), timeout=BOUND)


def client_many(address, count, size=100):
    """All connections are open before the first is used."""
    count, size = int(count), int(size)
    conns = [connect(address) for _ in range(count)]
    wrong = 0
    for number, conn in enumerate(conns):
        conn.sendall(next(data_from(number, size)))
        conn.shutdown(socket.SHUT_WR)
    for number, conn in enumerate(conns):
        if read_all(conn) != next(data_from(number, size)):
            wrong += 1
        conn.close()
    print("%d of %d answers right" % (count - wrong, count))
    return 1 if wrong else 0


def client_hold(address, count):
    conns = []
    for number in range(int(count)):
        conn = connect(address)
        conn.sendall(b"%d\n" % number)
        conns.append(conn)
    for number, conn in enumerate(conns):
        want = b"%d\n" % number
        got = b""
        while len(got) < len(want):
            part = conn.recv(100)
            if not part:
                print("connection %d ended" % number)
                return 1
            got += part
        if got != want:
            print("connection %d: %r" % (number, got))
            return 1
    print("held %s" % count, flush=True)
    sys.stdin.read()
    return 0


def client_full(address, seed, count):
    with connect(address) as conn:
        print(exchange(conn, seed, int(count)))
    return 0


def client_ask(address, text, seconds="0"):
    with connect(address) as conn:
        conn.sendall(text.encode())
        time.sleep(float(seconds))
        conn.shutdown(socket.SHUT_WR)
        sys.stdout.buffer.write(read_all(conn))
    return 0


def client_abort(address, count):
    conn = connect(address)
    conn.settimeout(BOUND)
    for block in data_from("abort", int(count)):
        conn.sendall(block)
    reset(conn)
    return 0


def client_first(address):
    with connect(address) as conn:
        sys.stdout.buffer.write(conn.recv(65536))
    return 0


def client_sum(seed, count):
    print(expected_sum(seed, int(count)))
    return 0


def question(packet):
    """Name and type of the first question of a DNS packet (RFC 1035, section 4.1.2)."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += packet[at] + 1
    return ".".join(labels), struct.unpack("!H", packet[at + 1:at + 3])[0], at + 5


def name_bytes(name):
    """A name as in DNS packets, uncompressed."""
    labels = name.split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def answer_to(packet, known):
    """The name asked for and the whole reply (RFC 1035, section 4)."""
    name, kind, end = question(packet)
    print("asked %s type %d" % (name, kind), flush=True)
    answers = []
    for ip in known.get(name, []):
        if kind == 12 and name.endswith(".arpa"):
            raw = name_bytes(ip)
            answers.append(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(raw)) + raw)
        elif kind == (28 if ":" in ip else 1):
            raw = socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)
            answers.append(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(raw)) + raw)
    flags = 0x8180 if name in known else 0x8183
    header = packet[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 0, 0)
    return name, header + packet[12:end] + b"".join(answers)


def serve_tcp(conn, known):
    """One question over TCP, with its length before it."""
    with conn, conn.makefile("rb") as stream:
        packet = stream.read(struct.unpack("!H", stream.read(2))[0])
        print("by TCP", flush=True)
        reply = answer_to(packet, known)[1]
        conn.sendall(struct.pack("!H", len(reply)) + reply)


def dns(argv):
    portfile, address, late = argv[0], argv[1], float(argv[2])
    known = {}
    for entry in argv[3:]:
        name, ip = entry.split("=")
        known.setdefault(name, []).append(ip)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    listener = socket.create_server((address, 53))
    publish(portfile, "53")
    waiting = []
    while True:
        due = max(0, min(w[0] for w in waiting) - time.monotonic()) if waiting else None
        ready = select.select([sock, listener], [], [], due)[0]
        if listener in ready:
            serve_tcp(listener.accept()[0], known)
        if sock in ready:
            packet, peer = sock.recvfrom(2048)
            name, reply = answer_to(packet, known)
            if "mute" in known.get(name, []):
                continue
            if len(reply) > 512:
                # truncated: header with that flag and the question; the rest by TCP
                end = question(packet)[2]
                reply = (reply[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + packet[12:end])
            wait = late if name.startswith("slow") else 0
            waiting.append((time.monotonic() + wait, reply, peer))
        now = time.monotonic()
        for entry in [w for w in waiting if w[0] <= now]:
            waiting.remove(entry)
            sock.sendto(entry[1], entry[2])


def main(argv):
    socket.setdefaulttimeout(None)
    if argv[0] == "server":
        return server(argv[1:])
    if argv[0] == "dns":
        return dns(argv[1:])
    return globals()["client_" + argv[1]](*argv[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
