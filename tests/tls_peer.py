"""TLS servers and clients the test suites talk to; standard library only.

tls_peer.py server PORTFILE [OPTION...] MODE [ARG...]  serves until it is killed
tls_peer.py client [OPTION...] ADDRESS MODE [ARG...]   ends with status 0 if all went well

PORTFILE is written once the server listens. ADDRESS is HOST:PORT. TLS runs over memory,
so that both directions are under full control: see class Link.

What is received is written to standard output by a client, and to PORTFILE.1,
PORTFILE.2, ... by a server, one for each connection that brings a byte. What happens is
told on standard error, by lines that begin with the number of the connection:

  1: sni NAME                                          (servers)
  1: handshake TLSv1.2 SUITE alpn=- resumed=0 wrote=N peer=COMMONNAME
  1: failed REASON               the handshake, in OpenSSL's words, or "closed", "reset"
  1: end close_notify            or "truncated", "reset", "failed REASON"
  1: records in=N out=N          lengths of the largest of application data

Modes, for both roles:
  echo            send back what comes, end when the peer does
  say TEXT        send the text and close_notify, then take what comes
  collect         take what comes, then close_notify
  late SEED N     take what comes to its end, then send N bytes made from SEED
  early SEED N    send close_notify, then behave as collect; N bytes before that
  full SEED N     send N bytes in pieces of random sizes while receiving; then tell
                  "1: sum SHA256" of what came
  truncate TEXT   send the text and end the TCP connection without close_notify
  reset TEXT      send the text, then reset the TCP connection after the first byte came
  forge STEP...   write records of our own making: see class Forger

Modes of clients alone:
  many N SIZE     N connections at once with data of their own, echoed
  hold N          open N connections, use each once, tell "held N", use each again when
                  standard input ends
  false-start TEXT  send the text right behind Finished, before the server's (RFC 7918); then
                  take the echo of it
  resume N TEXT   N connections after one another, each with the session of the last

Modes without TLS:
  server: plain TEXT   send the text at once, tell what comes
          mute         never say a word, tell what comes
  client: knock N TEXT N connections after one another to a relay before the TLS
                       connection: send the text; tell how many were answered
          bytes HEX    send these, tell what comes and how it ended
          crowd N HEX  N connections at once that send these and no more, until the peer ends
                       them; tell "crowd N" when they are all there
          garbage SEED N  N connections after one another that send nonsense
          cuts N       handshakes whose bytes end after 0, 1, ... N-1
          tampers N STEP  handshakes with one bit of byte 0, STEP, 2 STEP ... < N changed

Options:
  --cert FILE     certificate and key         --ca FILE    verify the peer with these
  --check         the server's name, too      --name NAME  of the server: SNI and check
  --min, --max    version: 1.0 to 1.3         --ciphers, --curve, --alpn A,B
  --host, --port  to listen on                --open       bytes: don't end our direction
  --fragment N    put the handshake into records of N bytes
  --drip          send a byte at a time       --cut N      end after N bytes sent
  --tamper N      change a bit of byte N      --cut-each   the first connection after 0
                  that is sent                             bytes, the next after 1, ...
  --tamper-each N change a bit of byte 5, 5 + N, 5 + 2 N ... of one connection each
"""
import argparse
import ctypes
import errno
import hashlib
import hmac
import os
import random
import select
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time

from peer import BOUND, connect, data_from, publish, read_all, reset

VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
HANDSHAKE, ALERT, CHANGE, DATA = 22, 21, 20, 23


class Wire:
    """A TCP connection that can spoil what is sent through it, and looks at the records."""

    def __init__(self, conn, cut=None, drip=False, tamper=None, fragment=None):
        self.conn, self.cut, self.drip, self.tamper = conn, cut, drip, tamper
        self.fragment = fragment
        self.sent = b""
        self.wrote = 0
        self.got = b""
        self.largest = {"in": 0, "out": 0}
        self.left = {"in": b"", "out": b""}
        self.keep = True

    def watch(self, way, data):
        """Follow the records of a direction."""
        self.left[way] += data
        while len(self.left[way]) >= 5:
            kind, _, length = struct.unpack("!BHH", self.left[way][:5])
            if len(self.left[way]) < 5 + length:
                break
            if kind == DATA:
                self.largest[way] = max(self.largest[way], length)
            self.left[way] = self.left[way][5 + length:]

    def fragments(self, data):
        """The handshake's messages in records of so many bytes, until they are encrypted."""
        out = b""
        while data:
            kind, version, length = struct.unpack("!BHH", data[:5])
            body, data = data[5:5 + length], data[5 + length:]
            if kind != HANDSHAKE or not self.fragment:
                self.fragment = None
                return out + struct.pack("!BHH", kind, version, length) + body + data
            for at in range(0, length, self.fragment):
                part = body[at:at + self.fragment]
                out += struct.pack("!BHH", kind, version, len(part)) + part
        return out

    def send(self, data):
        if self.fragment:
            data = self.fragments(data)
        at = self.wrote
        self.wrote += len(data)
        if self.keep:
            self.sent += data
        self.watch("out", data)
        if self.tamper is not None and at <= self.tamper < at + len(data):
            data = bytearray(data)
            data[self.tamper - at] ^= 1 << (self.tamper % 8)
            data = bytes(data)
        if self.cut is not None:
            data = data[:max(0, self.cut - at)]
        if self.drip:
            for number in range(len(data)):
                self.conn.sendall(data[number:number + 1])
        else:
            self.conn.sendall(data)
        if self.cut is not None and self.wrote > self.cut:
            self.conn.shutdown(socket.SHUT_WR)
            raise Cut()

    def received(self, part):
        if self.keep:
            self.got += part
        self.watch("in", part)

    def recv(self):
        part = self.conn.recv(65536)
        self.received(part)
        return part


class Cut(Exception):
    """The wire was told to end here."""


class Link:
    """A TLS session over a wire."""

    def __init__(self, wire, context, server_side, name=None, session=None):
        self.wire = wire
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server_side,
                                    server_hostname=name, session=session)
        self.stash = b""
        self.ended = None

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.wire.send(data)

    def fill(self):
        part = self.wire.recv()
        if part:
            self.incoming.write(part)
        else:
            self.incoming.write_eof()

    def do(self, call, *args):
        """Call it until it has what it needs."""
        while True:
            try:
                result = call(*args)
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()
                continue
            except ssl.SSLError:
                self.flush()
                raise
            self.flush()
            return result

    def handshake(self):
        self.do(self.tls.do_handshake)
        self.wire.keep = False

    def send(self, data):
        for at in range(0, len(data), 16384):
            self.do(self.tls.write, data[at:at + 16384])

    def recv(self):
        """The next bytes; b"" after the end, which is told in self.ended."""
        if self.stash:
            data, self.stash = self.stash, b""
            return data
        if self.ended:
            return b""
        try:
            data = self.do(self.tls.read, 65536)
        except (ssl.SSLError, OSError) as error:
            self.ended = why(error)
            return b""
        if not data:
            self.ended = "close_notify"
        return data

    def end(self):
        """Send close_notify; what the peer still sends can be read."""
        held = self.incoming.read()
        while self.tls.pending():
            self.stash += self.tls.read(65536)
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()
        if held:
            self.incoming.write(held)


def why(error):
    """An error in a word."""
    if isinstance(error, ssl.SSLZeroReturnError):
        return "close_notify"
    if isinstance(error, ssl.SSLEOFError):
        return "truncated"
    if isinstance(error, (ConnectionResetError, BrokenPipeError)) or error.errno == errno.ENOTCONN:
        return "reset"
    if isinstance(error, ssl.SSLError):
        if error.reason in ("UNEXPECTED_EOF_WHILE_READING",):
            return "truncated"
        return "failed %s" % (error.reason or error)
    return "failed %s" % error


class Session:
    """One connection: who it is, where its data goes, and what is done with it."""

    def __init__(self, number, sink):
        self.number, self.sink, self.out = number, sink, None
        self.link = None
        self.context = None

    def tell(self, text):
        print("%d: %s" % (self.number, text), file=sys.stderr, flush=True)

    def take(self, data):
        if self.out is None:
            self.out = sys.stdout.buffer if self.sink is None else open(self.sink, "ab")
        self.out.write(data)
        self.out.flush()

    def take_all(self):
        """Receive to the end."""
        while True:
            data = self.link.recv()
            if not data:
                break
            self.take(data)
        self.tell("end %s" % self.link.ended)

    def do_echo(self):
        while True:
            data = self.link.recv()
            if not data:
                break
            self.link.send(data)
        self.tell("end %s" % self.link.ended)
        self.link.end()

    def do_say(self, text):
        self.link.send(text.encode())
        self.link.end()
        self.take_all()

    def do_collect(self):
        self.take_all()
        self.link.end()

    def do_late(self, seed, count):
        self.take_all()
        for block in data_from(seed, int(count)):
            self.link.send(block)
        self.link.end()

    def do_early(self, seed, count):
        for block in data_from(seed, int(count)):
            self.link.send(block)
        self.link.end()
        self.take_all()

    def do_truncate(self, text):
        self.link.send(text.encode())
        self.link.wire.conn.shutdown(socket.SHUT_WR)
        self.take_all()

    def do_reset(self, text):
        self.link.send(text.encode())
        self.take(self.link.recv())
        reset(self.link.wire.conn)
        self.tell("reset")

    def do_forge(self, *steps):
        Forger(self).run(steps)

    def do_full(self, seed, count):
        """Send and receive at the same time, in pieces of random sizes."""
        link, conn = self.link, self.link.wire.conn
        sizes = random.Random("sizes" + seed)
        digest = hashlib.sha256()
        blocks, block, ready, sending = data_from(seed, int(count)), b"", b"", True
        conn.setblocking(False)
        while sending or ready or not link.ended:
            while sending and len(ready) < 100000:
                block = block or next(blocks, b"")
                if block:
                    size = sizes.choice((1, 7, 100, 1460, 5000, 16384, 60000))
                    link.tls.write(block[:size])
                    block = block[size:]
                else:
                    sending = False
                    link.end_quietly()
                ready += link.outgoing.read()
            readable, writable, _ = select.select([] if link.ended else [conn], [conn] if ready else [],
                                                  [], BOUND)
            if not readable and not writable:
                raise OSError("nothing moves")
            if writable:
                sent = conn.send(ready)
                link.wire.watch("out", ready[:sent])
                ready = ready[sent:]
            if readable:
                self.intake(digest)
        self.tell("end %s" % link.ended)
        self.tell("sum %s" % digest.hexdigest())

    def intake(self, digest):
        link = self.link
        link.fill()
        try:
            digest.update(link.stash)
            link.stash = b""
            while not link.ended:
                data = link.tls.read(262144)
                digest.update(data)
                if not data:
                    link.ended = "close_notify"
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            link.ended = why(error)


def end_quietly(link):
    """As end(), but leaves what is to be sent to the caller."""
    flush, link.flush = link.flush, lambda: None
    link.end()
    link.flush = flush


Link.end_quietly = end_quietly


class Gcm:
    """AES-GCM, by the library that Python's ssl module stands on (EVP_EncryptInit(3))."""

    crypto = ctypes.CDLL("libcrypto.so.3")
    crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
    crypto.EVP_aes_128_gcm.restype = ctypes.c_void_p
    crypto.EVP_aes_256_gcm.restype = ctypes.c_void_p

    def __init__(self, key):
        self.key = key
        self.kind = self.crypto.EVP_aes_128_gcm() if len(key) == 16 else self.crypto.EVP_aes_256_gcm()
        self.context = ctypes.c_void_p(self.crypto.EVP_CIPHER_CTX_new())

    def work(self, seal, nonce, extra, data, tag):
        """The data sealed or opened, and the tag; None if it is not right."""
        evp, length = self.crypto, ctypes.c_int(0)
        out = ctypes.create_string_buffer(len(data) + 16)
        evp.EVP_CipherInit_ex(self.context, ctypes.c_void_p(self.kind), None, self.key, nonce, int(seal))
        evp.EVP_CipherUpdate(self.context, None, ctypes.byref(length), extra, len(extra))
        evp.EVP_CipherUpdate(self.context, out, ctypes.byref(length), data, len(data))
        result = out.raw[:len(data)]
        if seal:
            evp.EVP_CipherFinal_ex(self.context, out, ctypes.byref(length))
            evp.EVP_CIPHER_CTX_ctrl(self.context, 0x10, 16, out)
            return result + out.raw[:16]
        evp.EVP_CIPHER_CTX_ctrl(self.context, 0x11, 16, tag)
        if evp.EVP_CipherFinal_ex(self.context, out, ctypes.byref(length)) != 1:
            return None
        return result

    def seal(self, nonce, extra, data):
        return self.work(True, nonce, extra, data, None)

    def open(self, nonce, extra, sealed):
        return self.work(False, nonce, extra, sealed[:-16], sealed[-16:])


def expand(secret, label, seed, count, name):
    """The pseudorandom function of TLS 1.2 (RFC 5246, section 5)."""
    seed = label + seed
    block, out = seed, b""
    while len(out) < count:
        block = hmac.new(secret, block, name).digest()
        out += hmac.new(secret, block + seed, name).digest()
    return out[:count]


class Forger:
    """Takes over a session after the handshake and writes records of its own making.

    Steps:
      text:TEXT       application data        bulk:SEED,N     N bytes of it
      empty[:N]       N empty records         oversize:N      a record with N bytes
      alert:L,D       an alert                close           close_notify
      handshake:HEX   a handshake message     type:T,HEX      a record of type T, encrypted
      half:HEX        the same in two records, cut after its first byte
      raw:HEX         bytes as they are       bad:N           a record with bit N changed
      length:N        a header that promises N bytes, then that many zeros
      expect:TEXT     receive until that has come
      end             receive to the peer's close_notify
      fin             end of the TCP direction  reset         reset of the connection
      wait:FILE       until there is such a file
    After the last step: receive to the end of the connection. Alerts are told as
    "1: alert LEVEL,NUMBER", handshake messages as "1: handshake message N".
    """

    def __init__(self, session):
        self.session, self.wire = session, session.link.wire
        tls = session.link.tls
        suite = tls.cipher()[0]
        if "GCM" not in suite or tls.version() not in (None, "TLSv1.2"):
            raise OSError("can't forge %s %s" % (tls.version(), suite))
        key = 32 if "AES256" in suite else 16
        name = "sha384" if "SHA384" in suite else "sha256"
        ours, theirs = self.wire.sent[11:43], self.wire.got[11:43]
        server = tls.server_side
        to, of = (theirs, ours) if server else (ours, theirs)
        master = self.master_secret(to)
        block = expand(master, b"key expansion", of + to, 2 * key + 8, name)
        keys = [block[:key], block[key:2 * key]]
        salts = [block[2 * key:2 * key + 4], block[2 * key + 4:]]
        self.seal_with, self.open_with = Gcm(keys[server]), Gcm(keys[not server])
        self.salt, self.their_salt = salts[server], salts[not server]
        # Finished has been sent in the first encrypted record of either
        self.sent = self.received = 1
        self.left = session.link.incoming.read()
        self.got = b""
        self.peer_ended = False

    def master_secret(self, client_random):
        with open(self.session.context.keylog_filename) as lines:
            for line in lines:
                word = line.split()
                if word[0] == "CLIENT_RANDOM" and bytes.fromhex(word[1]) == client_random:
                    return bytes.fromhex(word[2])
        raise OSError("no key of this session in the log")

    def record(self, kind, data):
        number = struct.pack("!Q", self.sent)
        self.sent += 1
        sealed = self.seal_with.seal(self.salt + number, number + struct.pack("!BHH", kind, 0x303, len(data)),
                                     data)
        return struct.pack("!BHH", kind, 0x303, len(sealed) + 8) + number + sealed

    def write(self, data):
        self.wire.conn.sendall(data)

    def run(self, steps):
        try:
            for step in steps:
                word, _, arg = step.partition(":")
                getattr(self, "step_" + word)(arg)
            while self.receive():
                pass
            self.session.tell("end tcp")
        except OSError as error:
            if why(error) != "reset":
                raise
            self.session.tell("end reset")

    def receive(self):
        """One record; False at the end of the connection."""
        while len(self.left) < 5 or len(self.left) < 5 + struct.unpack("!H", self.left[3:5])[0]:
            part = self.wire.conn.recv(65536)
            if not part:
                return False
            self.left += part
        kind, version, length = struct.unpack("!BHH", self.left[:5])
        body, self.left = self.left[5:5 + length], self.left[5 + length:]
        number = struct.pack("!Q", self.received)
        self.received += 1
        data = self.open_with.open(self.their_salt + body[:8],
                                   number + struct.pack("!BHH", kind, version, length - 24), body[8:])
        if data is None:
            self.session.tell("a record that can't be decrypted")
            return True
        if kind == DATA:
            self.session.take(data)
            self.got += data
        elif kind == ALERT:
            self.session.tell("alert %d,%d" % (data[0], data[1]))
            self.peer_ended = self.peer_ended or data[1] == 0
        elif kind == HANDSHAKE:
            self.session.tell("handshake message %d" % data[0])
        else:
            self.session.tell("record of type %d" % kind)
        return True

    def step_text(self, arg):
        self.write(self.record(DATA, arg.encode()))

    def step_bulk(self, arg):
        seed, count = arg.split(",")
        for block in data_from(seed, int(count)):
            for at in range(0, len(block), 16384):
                self.write(self.record(DATA, block[at:at + 16384]))

    def step_empty(self, arg):
        for _ in range(int(arg or "1")):
            self.write(self.record(DATA, b""))

    def step_oversize(self, arg):
        self.write(self.record(DATA, bytes(int(arg))))

    def step_alert(self, arg):
        level, number = arg.split(",")
        self.write(self.record(ALERT, bytes([int(level), int(number)])))

    def step_close(self, _):
        self.write(self.record(ALERT, b"\1\0"))

    def step_handshake(self, arg):
        self.write(self.record(HANDSHAKE, bytes.fromhex(arg)))

    def step_half(self, arg):
        data = bytes.fromhex(arg)
        self.write(self.record(HANDSHAKE, data[:1]))
        self.write(self.record(HANDSHAKE, data[1:]))

    def step_type(self, arg):
        kind, data = arg.split(",")
        self.write(self.record(int(kind), bytes.fromhex(data)))

    def step_raw(self, arg):
        self.write(bytes.fromhex(arg))

    def step_bad(self, arg):
        record = bytearray(self.record(DATA, b"tampered record"))
        record[int(arg) // 8] ^= 1 << (int(arg) % 8)
        self.write(bytes(record))

    def step_length(self, arg):
        self.write(struct.pack("!BHH", DATA, 0x303, int(arg)) + bytes(int(arg)))

    def step_expect(self, arg):
        while arg.encode() not in self.got:
            if not self.receive():
                raise OSError("the end came before %s" % arg)
        self.got = b""

    def step_end(self, _):
        while not self.peer_ended:
            if not self.receive():
                raise OSError("the end came without close_notify")

    def step_wait(self, arg):
        while not os.path.exists(arg):
            time.sleep(0.01)

    def step_fin(self, _):
        self.wire.conn.shutdown(socket.SHUT_WR)

    def step_reset(self, _):
        reset(self.wire.conn)
        self.session.tell("reset")
        sys.exit(0)


class Peer:
    """What the command line says, and what both roles share."""

    def __init__(self, options):
        self.options = options
        self.context = self.make_context()

    def make_context(self):
        options = self.options
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if options.role == "server"
                                 else ssl.PROTOCOL_TLS_CLIENT)
        # an end without close_notify shall be told from one with it (SSL_CTX_set_options(3))
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        ciphers = options.ciphers
        if "forge" in options.words or "false-start" in options.words:
            ciphers = ciphers or "AESGCM"
            context.maximum_version = VERSIONS["1.2"]
        if options.min in ("1.0", "1.1") or options.max in ("1.0", "1.1"):
            ciphers = (ciphers or "ALL") + ":@SECLEVEL=0"
        if options.min:
            context.minimum_version = VERSIONS[options.min]
        if options.max:
            context.maximum_version = VERSIONS[options.max]
        if ciphers:
            context.set_ciphers(ciphers)
        if options.curve:
            context.set_ecdh_curve(options.curve)
        if options.cert:
            context.load_cert_chain(options.cert)
        if options.ca:
            context.load_verify_locations(options.ca)
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = bool(options.check) and options.role == "client"
        if options.alpn:
            context.set_alpn_protocols(options.alpn.split(","))
        context.keylog_filename = tempfile.mkstemp(dir=os.environ.get("TLS_PEER_DIR", "."), prefix="keys.")[1]
        return context

    def wire(self, conn, cut=None, tamper=None):
        conn.settimeout(BOUND)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Wire(conn, cut if cut is not None else self.options.cut, self.options.drip,
                    tamper if tamper is not None else self.options.tamper, self.options.fragment)

    def greet(self, session, wire, tls_session=None):
        """The handshake; True if there is a session now."""
        server = self.options.role == "server"
        session.context = self.context
        session.link = Link(wire, self.context, server, None if server else self.options.name, tls_session)
        try:
            session.link.handshake()
        except Cut:
            session.tell("cut after %d" % wire.cut)
            session.tell("got %s" % self.leftover(wire))
            return False
        except (ssl.SSLError, OSError) as error:
            reason = why(error)
            session.tell("failed %s" % {"truncated": "closed", "close_notify": "closed"}.get(reason, reason.replace("failed ", "")))
            return False
        tls = session.link.tls
        peer = tls.getpeercert() or {}
        name = [value for entry in peer.get("subject", ()) for key, value in entry if key == "commonName"]
        session.tell("handshake %s %s alpn=%s resumed=%d wrote=%d peer=%s"
                     % (tls.version(), tls.cipher()[0], tls.selected_alpn_protocol() or "-",
                        tls.session_reused, wire.wrote, "".join(name) or "-"))
        return True

    @staticmethod
    def leftover(wire):
        """What a peer that was cut off still sends: to be waited for, or it might miss an alert."""
        try:
            wire.conn.settimeout(BOUND)
            while wire.conn.recv(65536):
                pass
            return "closed"
        except OSError as error:
            return why(error)

    def serve(self, session, wire, tls_session=None):
        """Handshake and mode; true if all went well."""
        mode, args = self.options.words[0], self.options.words[1:]
        with wire.conn:
            if not self.greet(session, wire, tls_session):
                return False
            try:
                getattr(session, "do_" + mode.replace("-", "_"))(*args)
            except (OSError, ValueError, Cut) as error:
                session.tell("end %s" % why(error))
                return False
            session.tell("records in=%d out=%d" % (wire.largest["in"], wire.largest["out"]))
            return True


class Server(Peer):
    def __init__(self, options):
        super().__init__(options)
        self.local = threading.local()
        self.context.sni_callback = self.seen

    def seen(self, _tls, name, _context):
        self.local.session.tell("sni %s" % (name or "-"))

    def run(self):
        options, number = self.options, 0
        listener = socket.socket(socket.AF_INET6 if ":" in options.host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.listen(4096)
        publish(options.portfile, str(listener.getsockname()[1]))
        while True:
            conn, _ = listener.accept()
            number += 1
            threading.Thread(target=self.handle, args=(conn, number), daemon=True).start()

    def handle(self, conn, number):
        session = Session(number, "%s.%d" % (self.options.portfile, number))
        self.local.session = session
        mode = self.options.words[0]
        session.tell("accepted")
        if mode in ("plain", "mute"):
            return getattr(self, mode)(session, conn, *self.options.words[1:])
        cut = number - 1 if self.options.cut_each else None
        tamper = 5 + (number - 1) * self.options.tamper_each if self.options.tamper_each else None
        return self.serve(session, self.wire(conn, cut, tamper))

    def plain(self, session, conn, text):
        conn.sendall(text.encode().decode("unicode_escape").encode())
        self.mute(session, conn)

    @staticmethod
    def mute(session, conn):
        with conn:
            try:
                session.tell("came %s" % read_all(conn)[:16].hex())
            except OSError as error:
                session.tell("end %s" % why(error))


class Client(Peer):
    def open(self, number=1, **spoil):
        return Session(number, None), self.wire(connect(self.address), **spoil)

    def run(self):
        self.address, self.options.words = self.options.words[0], self.options.words[1:]
        mode, args = self.options.words[0], self.options.words[1:]
        if mode in ("many", "hold", "resume", "knock", "bytes", "crowd", "garbage", "false-start", "cuts", "tampers"):
            return getattr(self, mode.replace("-", "_"))(*args)
        session, wire = self.open()
        return 0 if self.serve(session, wire) else 1

    def started(self, number):
        session, wire = self.open(number)
        if not self.greet(session, wire):
            raise OSError("connection %d failed" % number)
        return session

    def many(self, count, size):
        """All connections are open before the first is used."""
        count, size = int(count), int(size)
        sessions = [self.started(number) for number in range(count)]
        right = []

        def use(session):
            data = next(data_from(session.number, size))
            session.link.send(data)
            session.link.end()
            got = b""
            while len(got) <= size:
                part = session.link.recv()
                if not part:
                    break
                got += part
            session.tell("end %s" % session.link.ended)
            session.link.wire.conn.close()
            if got == data:
                right.append(session)
        threads = [threading.Thread(target=use, args=(session,)) for session in sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("%d of %d answers right" % (len(right), count))
        return 0 if len(right) == count else 1

    def hold(self, count):
        sessions = [self.started(number) for number in range(int(count))]
        self.use_each(sessions)
        print("held %s" % count, flush=True)
        sys.stdin.read()
        self.use_each(sessions)
        print("used %s" % count, flush=True)
        return 0

    @staticmethod
    def use_each(sessions):
        for session in sessions:
            session.link.send(b"%d\n" % session.number)
        for session in sessions:
            want, got = b"%d\n" % session.number, b""
            while len(got) < len(want):
                part = session.link.recv()
                if not part:
                    raise OSError("connection %d ended: %s" % (session.number, session.link.ended))
                got += part
            if got != want:
                raise OSError("connection %d: %r" % (session.number, got))

    def resume(self, count, text):
        known = None
        for number in range(1, int(count) + 1):
            session, wire = self.open(number)
            self.options.words = ["say", text]
            if not self.serve(session, wire, known):
                return 1
            known = session.link.tls.session
        return 0

    def false_start(self, text):
        session, wire = self.open()
        session.context = self.context
        link = session.link = Link(wire, self.context, False)
        flight = b""
        while b"\x14\3\3\0\1\1" not in flight:
            try:
                link.tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            flight = link.outgoing.read()
            if b"\x14\3\3\0\1\1" not in flight:
                wire.send(flight)
                link.fill()
        forger = Forger(session)
        wire.send(flight + forger.record(DATA, text.encode()))
        link.handshake()
        forger.left = link.incoming.read()
        forger.run(["expect:" + text, "close", "end"])
        return 0

    def knock(self, count, text):
        answered = 0
        for _ in range(int(count)):
            with connect(self.address) as conn:
                try:
                    conn.sendall(text.encode())
                    conn.shutdown(socket.SHUT_WR)
                    answered += bool(read_all(conn))
                except OSError:
                    pass
        print("%d of %s answered" % (answered, count))
        return 0

    def bytes(self, text):
        session = Session(1, None)
        with connect(self.address) as conn:
            try:
                conn.sendall(bytes.fromhex(text))
                if not self.options.open:
                    conn.shutdown(socket.SHUT_WR)
                session.tell("came %s" % read_all(conn).hex())
            except OSError as error:
                session.tell("end %s" % why(error))
        return 0

    def crowd(self, count, text):
        conns = [connect(self.address) for _ in range(int(count))]
        for conn in conns:
            conn.sendall(bytes.fromhex(text))
        print("crowd %s" % count, flush=True)
        for conn in conns:
            try:
                read_all(conn)
            except OSError:
                pass
            conn.close()
        return 0

    def garbage(self, seed, count):
        maker = random.Random(seed)
        for _ in range(int(count)):
            data = maker.randbytes(maker.randrange(1, 600))
            if maker.random() < 0.8:
                # records that look right from outside
                kind = maker.choice((20, 21, 22, 22, 22, 22, 23, 24, maker.randrange(256)))
                if kind == 22 and maker.random() < 0.7:
                    data = bytes([maker.choice((0, 1, 1, 1, 1, 2, 11, 16, 20))]) + struct.pack(
                        "!I", len(data))[1:] + b"\3\3" + data[2:]
                data = struct.pack("!BHH", kind, maker.choice((0x301, 0x303)), len(data)) + data
            with connect(self.address) as conn:
                try:
                    conn.sendall(data)
                    conn.shutdown(socket.SHUT_WR)
                    read_all(conn)
                except OSError:
                    pass
        print("done")
        return 0

    def each(self, offsets, how):
        """Handshakes that are spoilt at each of these offsets."""
        done = 0
        for offset in offsets:
            session, wire = self.open(offset, **{how: offset})
            if self.greet(session, wire) and self.answered(session):
                session.tell("answered")
                done += 1
            wire.conn.close()
        print("%d of %d answered" % (done, len(offsets)))
        return 0

    @staticmethod
    def answered(session):
        """True if the peer, believing in the session, answers."""
        try:
            session.link.send(b"echo")
            return bool(session.link.recv())
        except (OSError, Cut):
            return False

    def cuts(self, count):
        return self.each(range(int(count)), "cut")

    def tampers(self, count, step):
        return self.each(range(0, int(count), int(step)), "tamper")


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("role")
    for name in ("cert", "ca", "min", "max", "ciphers", "alpn", "name", "curve"):
        parser.add_argument("--" + name)
    parser.add_argument("--host", default="127.0.0.1")
    for name in ("port", "cut", "tamper", "tamper-each", "fragment"):
        parser.add_argument("--" + name, type=int, default=0 if name == "port" else None)
    for name in ("check", "drip", "cut-each", "open"):
        parser.add_argument("--" + name, action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_intermixed_args(argv)
    if options.role == "server":
        options.portfile, options.words = options.words[0], options.words[1:]
        return Server(options).run()
    return Client(options).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
