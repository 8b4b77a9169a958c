"""Senders of PROXY protocol headers, good and bad; standard library only. ADDRESS is HOST:PORT or
unix:PATH, HEX a string of hexadecimal digits.

proxy_peer.py header VERSION KIND SOURCE SPORT DESTINATION DPORT [FIELD...]   prints a header as HEX
    KIND: tcp4, tcp6, udp4, udp6, unix (SOURCE and DESTINATION are paths, the ports are ignored) or
    local; FIELD: TYPE:HEX; or "crc", a checksum of the whole header
proxy_peer.py send ADDRESS HEX [HEX...]   send these, each by a call of its own, shut down writing,
    print what comes
proxy_peer.py drip ADDRESS HEX   the same, byte by byte
proxy_peer.py cuts ADDRESS HEX   for each of its beginnings, but not all of it, a connection that
    sends just that and shuts down writing, and one that resets it then; prints "N refused", counting those of
    the first kind that were closed without an answer
proxy_peer.py stay ADDRESS HEX   send, go on reading, print what comes until the peer closes
proxy_peer.py tls ADDRESS HEX HEX   send the first, shake hands, send the second inside of TLS, end it,
    print what comes
proxy_peer.py talk ADDRESS HEX   send, print the first answer, and wait until standard input ends
"""
import ipaddress
import socket
import ssl
import struct
import sys

BOUND = 60
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TABLE = []


def crc32c(data):
    if not TABLE:
        for byte in range(256):
            for _ in range(8):
                byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
            TABLE.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def line(kind, source, sport, destination, dport):
    if kind in ("tcp4", "tcp6"):
        return f"PROXY {kind.upper()} {source} {destination} {sport} {dport}\r\n".encode()
    return b"PROXY UNKNOWN\r\n"


def binary(kind, source, sport, destination, dport, fields):
    protocol = 2 if kind.startswith("udp") else 1
    if kind == "local":
        command, family, body = 0x20, 0, b""
    elif kind == "unix":
        command, family = 0x21, 0x31
        body = source.encode().ljust(108, b"\0") + destination.encode().ljust(108, b"\0")
    else:
        command, family = 0x21, (0x10 if kind.endswith("4") else 0x20) | protocol
        body = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
        body += struct.pack(">HH", int(sport), int(dport))
    at = None
    for field in fields:
        if field == "crc":
            at = 16 + len(body) + 3
            body += b"\3\0\4\0\0\0\0"
        else:
            number, value = field.split(":")
            value = bytes.fromhex(value)
            body += struct.pack(">BH", int(number), len(value)) + value
    header = SIGNATURE + struct.pack(">BBH", command, family, len(body)) + body
    if at is not None:
        header = header[:at] + struct.pack(">I", crc32c(header)) + header[at + 4:]
    return header


def connect(address):
    if address.startswith("unix:"):
        conn = socket.socket(socket.AF_UNIX)
        conn.settimeout(BOUND)
        conn.connect(address[5:])
        return conn
    host, _, port = address.rpartition(":")
    conn = socket.create_connection((host.strip("[]"), int(port)), BOUND)
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return conn


def read_to_end(conn):
    """What comes; a reset is an end, too, as nobody reads what we have sent."""
    parts = []
    try:
        while part := conn.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def show(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def send(address, pieces, end=True):
    with connect(address) as conn:
        try:
            for piece in pieces:
                conn.sendall(piece)
            if end:
                conn.shutdown(socket.SHUT_WR)
        except (ConnectionError, OSError):
            pass
        show(read_to_end(conn))


def cuts(address, header):
    refused = 0
    for length in range(len(header)):
        with connect(address) as conn:
            conn.sendall(header[:length])
            conn.shutdown(socket.SHUT_WR)
            refused += read_to_end(conn) == b""
        with connect(address) as conn:
            conn.sendall(header[:length])
            if conn.family != socket.AF_UNIX:
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    print(refused, "refused")


def tls(address, outside, inside):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with connect(address) as conn:
        conn.sendall(outside)
        try:
            with context.wrap_socket(conn) as secure:
                secure.sendall(inside)
                parts = []
                # a line and an echo, if all goes well
                while part := secure.recv(65536):
                    parts.append(part)
                    if b"".join(parts).endswith(inside[-5:]):
                        break
                show(b"".join(parts))
                secure.unwrap()
        except OSError:
            pass


def talk(address, data):
    with connect(address) as conn:
        conn.sendall(data)
        show(conn.recv(65536))
        sys.stdin.read()


def main(mode, *args):
    if mode == "header":
        version, kind, *ends = args
        print((line(kind, *ends[:4]) if version == "1"
               else binary(kind, *ends[:4], ends[4:])).hex())
        return
    address, *pieces = args[0], *(bytes.fromhex(text) for text in args[1:])
    if mode == "send":
        send(address, pieces)
    elif mode == "drip":
        send(address, [bytes([byte]) for byte in pieces[0]])
    elif mode == "stay":
        send(address, pieces, end=False)
    elif mode == "cuts":
        cuts(address, pieces[0])
    elif mode == "tls":
        tls(address, pieces[0], pieces[1])
    elif mode == "talk":
        talk(address, pieces[0])


main(*sys.argv[1:])
