"""Clients that treat a TLS relay with an echo behind it badly; standard library only.

tls_stress.py mixed HOST:PORT SEED N    N sessions, several at once, that end at any moment in any
                                        way; "N sessions, ok N, wrong N" at the end: those that
                                        ended orderly have to get all of what they sent
tls_stress.py flood HOST:PORT KIND      a handshake that goes on for ever: warnings, empty records
                                        (empty), HelloRequests (requests), or messages that are
                                        never complete (endless); "ended after N KiB" when the
                                        relay has ended it
tls_stress.py stuck HOST:PORT N KIND    N connections that stop in their handshake: before the first
                                        byte (silent), within the first message (begun), after it
                                        (hello); "stuck N" when they are there; ends with its input
tls_stress.py clog HOST:PORT KIND       a session that sends until nothing more is taken: data, or
                                        anything behind close_notify (ended); "clogged" then; ends
                                        with its input
"""
import random
import select
import socket
import ssl
import struct
import sys
import threading

from peer import BOUND, connect, data_from, reset

SESSIONS_AT_ONCE = 12


def new_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def hello():
    """The first flight of a client."""
    outgoing = ssl.MemoryBIO()
    tls = new_context().wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Session:
    """TLS over a socket, by hand: bytes move when they are told to."""

    def __init__(self, conn):
        self.conn = conn
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = new_context().wrap_bio(self.incoming, self.outgoing)

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.conn.sendall(data)

    def do(self, call, *args):
        while True:
            try:
                result = call(*args)
            except ssl.SSLWantReadError:
                self.flush()
                part = self.conn.recv(65536)
                if part:
                    self.incoming.write(part)
                else:
                    self.incoming.write_eof()
                continue
            self.flush()
            return result

    def send(self, data):
        self.tls.write(data)
        self.flush()

    def close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def read_all(self):
        """Up to the end; "" if it was no orderly one."""
        parts = []
        while True:
            try:
                part = self.do(self.tls.read, 65536)
            except ssl.SSLZeroReturnError:
                break
            if not part:
                break
            parts.append(part)
        return b"".join(parts)


def end(conn, rng):
    if rng.random() < 0.5:
        reset(conn)
    else:
        conn.close()


def early_end(conn, rng):
    """Before the handshake is over."""
    first = hello()
    way = rng.randrange(4)
    if way == 1:
        conn.sendall(rng.randbytes(rng.randrange(1, 200)))
    elif way == 2:
        conn.sendall(first[:rng.randrange(len(first))])
    elif way == 3:
        conn.sendall(first)
        if rng.random() < 0.5:
            conn.recv(rng.randrange(1, 3000))
    end(conn, rng)


def late_end(conn, rng):
    """With data on its way."""
    session = Session(conn)
    session.do(session.tls.do_handshake)
    way = rng.randrange(5)
    if way > 0:
        session.send(rng.randbytes(rng.randrange(1, 100000)))
    if way == 2:
        session.do(session.tls.read, 100)
    elif way == 3:
        conn.sendall(rng.randbytes(30))
        conn.recv(1000)
    elif way == 4:
        session.close_notify()
    end(conn, rng)


def orderly(conn, rng):
    """Everything has to come back, although our direction ends first."""
    session = Session(conn)
    session.do(session.tls.do_handshake)
    data = rng.randbytes(rng.randrange(200000))
    got = []

    def send():
        # the relay's answers must not wait for the end of this
        at = 0
        while at < len(data):
            size = rng.randrange(1, 30000)
            with lock:
                session.tls.write(data[at:at + size])
                sealed = session.outgoing.read()
            conn.sendall(sealed)
            at += size
        with lock:
            try:
                session.tls.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass
            sealed = session.outgoing.read()
        conn.sendall(sealed)

    lock = threading.Lock()
    sender = threading.Thread(target=send)
    sender.start()
    ended = False
    while not ended:
        part = conn.recv(65536)
        with lock:
            session.incoming.write(part) if part else session.incoming.write_eof()
            while True:
                try:
                    plain = session.tls.read(65536)
                except ssl.SSLWantReadError:
                    break
                except ssl.SSLZeroReturnError:
                    plain = b""
                if not plain:
                    ended = True
                    break
                got.append(plain)
    sender.join()
    conn.close()
    return b"".join(got) == data


def mixed(address, seed, count):
    tally = {"ok": 0, "wrong": 0}
    numbers = iter(range(int(count)))
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            rng = random.Random("%s %d" % (seed, number))
            way = rng.choice([early_end, late_end, orderly, orderly])
            conn = connect(address)
            conn.settimeout(BOUND)
            try:
                right = way(conn, rng)
            except (OSError, ssl.SSLError) as error:
                right = None if way is not orderly else False
                if way is orderly:
                    print("session %d: %s" % (number, error), file=sys.stderr)
            finally:
                conn.close()
            if right is not None:
                with lock:
                    tally["ok" if right else "wrong"] += 1

    workers = [threading.Thread(target=work) for _ in range(SESSIONS_AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("%s sessions, ok %d, wrong %d" % (count, tally["ok"], tally["wrong"]), flush=True)


def flood(address, kind):
    conn = connect(address)
    conn.settimeout(BOUND)
    block = {
        "warnings": struct.pack("!BHHBB", 21, 0x303, 2, 1, 90),
        "empty": struct.pack("!BHH", 22, 0x303, 0),
        "requests": struct.pack("!BHHI", 22, 0x303, 4, 0),
        "endless": struct.pack("!BHH", 22, 0x303, 16000) + bytes(16000),
    }[kind]
    block *= 65536 // len(block) + 1
    sent = 0
    try:
        if kind == "endless":
            # a Certificate of 16 MB
            start = hello()
            conn.sendall(start)
            conn.sendall(struct.pack("!BHHB", 22, 0x303, 10, 11) +
                         b"\xff\xff\xff" b"\xff\xff\xfc" b"\xff\xff\xf9")
        else:
            conn.sendall(hello())
        while sent < 64 << 20:
            conn.sendall(block)
            sent += len(block)
        print("not ended after %d KiB" % (sent // 1024), flush=True)
    except OSError:
        print("ended after %d KiB" % (sent // 1024), flush=True)


def stuck(address, count, kind):
    first = hello()
    data = {"silent": b"", "begun": first[:20], "hello": first}[kind]
    conns = [connect(address) for _ in range(int(count))]
    for conn in conns:
        conn.sendall(data)
    if kind == "hello":
        for conn in conns:
            conn.recv(1)
    print("stuck %s" % count, flush=True)
    sys.stdin.read()


def clog(address, kind):
    conn = connect(address)
    session = Session(conn)
    session.do(session.tls.do_handshake)
    if kind == "ended":
        session.send(b"x")
        session.close_notify()
    conn.settimeout(1)
    try:
        while True:
            if kind == "ended":
                conn.sendall(bytes(16384))
            else:
                session.send(bytes(16384))
    except OSError:
        pass
    print("clogged", flush=True)
    sys.stdin.read()


class Brimful(Session):
    """A session that sends as much as is taken, and counts what comes back."""

    def __init__(self, conn):
        super().__init__(conn)
        self.do(self.tls.do_handshake)
        for buffer in socket.SO_SNDBUF, socket.SO_RCVBUF:
            conn.setsockopt(socket.SOL_SOCKET, buffer, 16384)
        conn.setblocking(False)
        self.sent, self.got, self.rest = 0, 0, b""

    def fileno(self):
        return self.conn.fileno()

    def fill(self):
        if not self.rest:
            self.sent += self.tls.write(bytes(16384))
            self.rest = self.outgoing.read()
        self.send_rest()

    def send_rest(self):
        self.rest = self.rest[self.conn.send(self.rest):]

    def drain(self):
        self.incoming.write(self.conn.recv(65536))
        try:
            while True:
                self.got += len(self.tls.read(65536))
        except ssl.SSLWantReadError:
            pass


def brim(address, count):
    sessions = [Brimful(connect(address)) for _ in range(int(count))]
    while True:
        writable = select.select([], sessions, [], 1)[1]
        if not writable:
            break
        for session in writable:
            session.fill()
    print("full %s" % count, flush=True)
    sys.stdin.readline()
    while sessions and any(session.got < session.sent for session in sessions):
        readable, writable, _ = select.select(
            sessions, [session for session in sessions if session.rest], [], BOUND)
        for session in readable:
            session.drain()
        for session in writable:
            session.send_rest()
    print("empty %s" % count, flush=True)
    sys.stdin.read()


{"mixed": mixed, "flood": flood, "stuck": stuck, "clog": clog, "brim": brim}[sys.argv[1]](*sys.argv[2:])
