"""Stand-ins for services that tests can't reach, and clients for what leads to them.

stand_in.py serve NAME HOST PORT [--udp | --tls PEM]   answers "NAME heard LINE" to each line;
                         prints "ready" once it listens, then each line it heard
stand_in.py talk WAY HOST PORT SEND EXPECT [--ca FILE] [--name NAME] [--cert PEM]
                         connects by WAY (tcp, udp, tls, or unix with the path as HOST), sends
                         the line SEND and ends with status 0 once the line EXPECT has come;
                         tls: without --ca any certificate will do, NAME is whose it has to be
stand_in.py open HOST PORT COUNT
                         COUNT connections at once, each asking "N"; prints the answers in order
"""
import argparse
import socket
import ssl
import sys
import threading

BOUND = 20


def answers(name, conn):
    """Answer a client's lines until it ends."""
    with conn, conn.makefile("rb") as lines:
        for line in lines:
            print(line.decode().rstrip("\n"), flush=True)
            conn.sendall(b"%s heard %s" % (name.encode(), line))
        if isinstance(conn, ssl.SSLSocket):
            # the end is said, as a stream that is just cut off is an error
            conn.unwrap()


def client_of(name, conn, context):
    try:
        if context is not None:
            conn = context.wrap_socket(conn, server_side=True)
        answers(name, conn)
    except OSError as error:
        print("client: %s" % error, file=sys.stderr, flush=True)


def serve_packets(args):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((args.host, args.port))
    print("ready", flush=True)
    while True:
        packet, peer = sock.recvfrom(65536)
        print(packet.decode().rstrip("\n"), flush=True)
        sock.sendto(b"%s heard %s" % (args.name.encode(), packet), peer)


def serve(args):
    if args.udp:
        serve_packets(args)
    context = None
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.tls)
    family = socket.AF_INET6 if ":" in args.host else socket.AF_INET
    listener = socket.create_server((args.host, args.port), family=family, backlog=64)
    print("ready", flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=client_of, args=(args.name, conn, context), daemon=True).start()


def tls_client(args, conn):
    context = ssl.create_default_context(cafile=args.ca)
    if args.ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if args.cert:
        context.load_cert_chain(args.cert)
    return context.wrap_socket(conn, server_hostname=args.name or args.host)


def connect(args):
    if args.way == "unix":
        conn = socket.socket(socket.AF_UNIX)
        conn.connect(args.host)
    elif args.way == "udp":
        conn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        conn.connect((args.host, args.port))
    else:
        conn = socket.create_connection((args.host, args.port), timeout=BOUND)
    conn.settimeout(BOUND)
    return tls_client(args, conn) if args.way == "tls" else conn


def talk(args):
    with connect(args) as conn:
        conn.sendall(args.send.encode() + b"\n")
        got = b""
        while args.expect.encode() + b"\n" not in got:
            part = conn.recv(65536)
            if not part and args.way != "udp":
                print("ended after %r" % got)
                return 1
            got += part
    return 0


def open_many(args):
    conns = [socket.create_connection((args.host, args.port), timeout=BOUND)
             for _ in range(args.count)]
    for number, conn in enumerate(conns):
        conn.sendall(b"%d\n" % number)
    for conn in conns:
        print(conn.makefile().readline().rstrip("\n"))
    return 0


def main():
    parser = argparse.ArgumentParser()
    modes = parser.add_subparsers(required=True)
    mode = modes.add_parser("serve")
    mode.set_defaults(run=serve)
    mode.add_argument("name")
    mode.add_argument("host")
    mode.add_argument("port", type=int)
    mode.add_argument("--udp", action="store_true")
    mode.add_argument("--tls")
    mode = modes.add_parser("talk")
    mode.set_defaults(run=talk)
    mode.add_argument("way", choices=("tcp", "udp", "tls", "unix"))
    mode.add_argument("host")
    mode.add_argument("port", type=int)
    mode.add_argument("send")
    mode.add_argument("expect")
    mode.add_argument("--ca")
    mode.add_argument("--name")
    mode.add_argument("--cert")
    mode = modes.add_parser("open")
    mode.set_defaults(run=open_many)
    mode.add_argument("host")
    mode.add_argument("port", type=int)
    mode.add_argument("count", type=int)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
