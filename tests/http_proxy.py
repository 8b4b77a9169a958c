"""An HTTP proxy for the tests, as good or bad as they want it; standard library only.

http_proxy.py server PORTFILE [--host H] MODE [ARG...]   serves until it is killed

PORTFILE is written once it listens. What each connection asks for, up to its empty line, is
added to PORTFILE.requests: a line "ADDRESS:PORT 'request'" as Python writes strings. Answers are
given with escapes (\\r, \\n, \\xHH). Connections are counted from 1.

Modes:
  tunnel            connect to the target and say 200, or 502; then relay, with half-closes
  say ANSWER...     the first answer to the first connection and so on, the last one to all others;
                    then take what comes until the client goes
  pieces ANSWER     the same answer, in packets of one byte
  close ANSWER      say it and close
  early ANSWER      say it before anything is read, and close
  cut ANSWER        to connection N the first N - 1 bytes only, then close
  endless HEAD PART say HEAD, then PART again and again until the client goes
  reset             read the request, then reset the connection
"""
import os
import socket
import struct
import sys
import threading

lock = threading.Lock()


def publish(path, text):
    with open(path + ".new", "w") as out:
        out.write(text)
    os.rename(path + ".new", path)


def unescape(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def read_request(conn):
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        byte = conn.recv(1)
        if not byte:
            break
        request += byte
    return request


def drain(conn):
    while conn.recv(65536):
        pass


def relay(source, sink):
    try:
        while True:
            part = source.recv(65536)
            if not part:
                break
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def target_of(request):
    host, _, port = request.split()[1].decode().rpartition(":")
    return host.strip("[]"), int(port)


def mode_tunnel(conn, number, request, args):
    try:
        target = socket.create_connection(target_of(request))
    except OSError:
        conn.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        return
    with target:
        conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        other = threading.Thread(target=relay, args=(conn, target), daemon=True)
        other.start()
        relay(target, conn)
        other.join()


def mode_say(conn, number, request, args):
    conn.sendall(unescape(args[min(number, len(args)) - 1]))
    drain(conn)


def mode_pieces(conn, number, request, args):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in unescape(args[0]):
        conn.sendall(bytes([byte]))
    drain(conn)


def mode_close(conn, number, request, args):
    conn.sendall(unescape(args[0]))


def mode_cut(conn, number, request, args):
    conn.sendall(unescape(args[0])[:number - 1])


def mode_endless(conn, number, request, args):
    conn.sendall(unescape(args[0]))
    while True:
        conn.sendall(unescape(args[1]) * 64)


def mode_reset(conn, number, request, args):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def handle(conn, peer, number, portfile, mode, args):
    try:
        with conn:
            if mode == "early":
                conn.sendall(unescape(args[0]))
                return
            request = read_request(conn)
            with lock, open(portfile + ".requests", "a") as out:
                out.write("%s:%d %r\n" % (peer[0], peer[1], request.decode("latin-1")))
            globals()["mode_" + mode](conn, number, request, args)
    except OSError as error:
        print("connection %d: %s" % (number, error), file=sys.stderr, flush=True)


def main(argv):
    portfile, args = argv[1], argv[2:]
    host = "127.0.0.1"
    if args[0] == "--host":
        host, args = args[1], args[2:]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=1024)
    publish(portfile, str(listener.getsockname()[1]))
    number = 0
    while True:
        conn, peer = listener.accept()
        number += 1
        threading.Thread(target=handle, args=(conn, peer, number, portfile, args[0], args[1:]),
                         daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
