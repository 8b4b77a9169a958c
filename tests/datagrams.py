"""Sends and receives single datagrams, for the test suites; standard library only.

datagrams.py ask HOST PORT TEXT... [OPTION...]   send each text, wait for an answer to each and
                                               print "ANSWER from HOST PORT", or "none" after
                                               --wait seconds; "connect" errors print too
datagrams.py listen PORTFILE COUNT [OPTION...]   print COUNT packets: "TEXT from HOST PORT to HOST
                                               on INTERFACE ttl N tos N options HEX"; the port
                                               is written to PORTFILE

--from ADDR[,PORT]  bind to it          --ttl N, --tos N, --options HEX   of packets sent
--wait S            for answers (5)     --hopopts N       bytes of IPv6 hop-by-hop options
--broadcast         SO_BROADCAST        --interface NAME  for multicasts
--connect           connect first       --lite            UDP-Lite
--port N            to listen on        --group ADDR      join it on --interface
--answer TEXT       to each packet      --six             listen for IPv6
--first HOST,PORT   send a packet there before listening
"""
import argparse
import socket
import struct
import sys

LITE = 136
IPV6_HOPOPTS = 54
IPV6_RECVTCLASS = 66


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("words", nargs="+")
    parser.add_argument("--from", dest="source")
    for name in ("ttl", "tos", "hopopts", "port"):
        parser.add_argument("--" + name, type=int)
    for name in ("options", "interface", "group", "answer", "first"):
        parser.add_argument("--" + name)
    parser.add_argument("--wait", type=float, default=5)
    for name in ("broadcast", "connect", "lite", "six"):
        parser.add_argument("--" + name, action="store_true")
    return parser.parse_args()


def resolve(host, port, lite):
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
    return found[0], found[4]


def new_socket(family, args):
    sock = socket.socket(family, socket.SOCK_DGRAM, LITE if args.lite else 0)
    six = family == socket.AF_INET6
    index = socket.if_nametoindex(args.interface) if args.interface else 0
    if args.broadcast:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if args.ttl is not None and six:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, args.ttl)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, args.ttl)
    elif args.ttl is not None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, args.ttl)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, args.ttl)
    if args.tos is not None and six:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, args.tos)
    elif args.tos is not None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, args.tos)
    if args.options and args.mode == "ask":
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes.fromhex(args.options))
    if args.hopopts:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_HOPOPTS, hop_options(args.hopopts))
    if index and six:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    elif index:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                        struct.pack("=4s4si", b"", b"", index))
    return sock


def hop_options(size):
    """A header of that many bytes with as few options as can be: hosts take no more than 8."""
    room = size // 8 * 8 - 2
    options = b""
    while room > 0:
        part = min(room, 257)
        if room - part == 1:
            part -= 1
        # 0x1e is for experiments, and skipped by who does not know it (RFC 4727)
        options += bytes([0x1e, part - 2]) + bytes(part - 2)
        room -= part
    return bytes([0, size // 8 - 1]) + options


def show(text, address):
    print(text.decode(), "from", address[0].split("%")[0], address[1], flush=True)


def ask(args):
    host, port, texts = args.words[0], int(args.words[1]), args.words[2:]
    family, address = resolve(host, port, args.lite)
    sock = new_socket(family, args)
    sock.settimeout(args.wait)
    if args.source:
        source = args.source.split(",")
        sock.bind(resolve(source[0], int(source[1]) if len(source) > 1 else 0, args.lite)[1])
    if args.connect:
        sock.connect(address)
    for text in texts:
        try:
            if args.connect:
                sock.send(text.encode())
            else:
                sock.sendto(text.encode(), address)
            if args.wait > 0:
                show(*sock.recvfrom(65536))
        except socket.timeout:
            print("none", flush=True)
        except OSError as error:
            print(error.strerror, flush=True)


def listen(args):
    family = socket.AF_INET6 if args.six else socket.AF_INET
    sock = new_socket(family, args)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if args.six:
        for option in (socket.IPV6_RECVPKTINFO, socket.IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS):
            sock.setsockopt(socket.IPPROTO_IPV6, option, 1)
    else:
        # IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RECVOPTS
        for option in (8, 12, 13, 6):
            sock.setsockopt(socket.IPPROTO_IP, option, 1)
    if args.group:
        index = socket.if_nametoindex(args.interface)
        if args.six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                            socket.inet_pton(family, args.group) + struct.pack("=i", index))
        else:
            sock.setsockopt(socket.IPPROTO_IP, 35, struct.pack(
                "=4s4si", socket.inet_aton(args.group), b"", index))
    sock.bind(("", args.port or 0))
    with open(args.words[0], "w") as file:
        file.write(str(sock.getsockname()[1]))
    if args.first:
        host, port = args.first.split(",")
        sock.sendto(b"first", (host, int(port)))
    for _ in range(int(args.words[1])):
        text, control, _, address = sock.recvmsg(65536, 4096)
        print(text.decode().rstrip("\n"), "from", address[0].split("%")[0], address[1],
              *details(control), flush=True)
        if args.answer:
            sock.sendto(args.answer.encode(), address)


def details(control):
    words = {}
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IP, 8):
            index, _, to = struct.unpack("=i4s4s", data)
            words["to"] = socket.inet_ntoa(to)
            words["on"] = socket.if_indextoname(index)
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            to, index = struct.unpack("=16si", data)
            words["to"] = socket.inet_ntop(socket.AF_INET6, to)
            words["on"] = socket.if_indextoname(index)
        elif (level, kind) in ((socket.IPPROTO_IP, 2),
                               (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)):
            words["ttl"] = struct.unpack("=i", data)[0]
        elif (level, kind) == (socket.IPPROTO_IP, 1):
            words["tos"] = data[0]
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_TCLASS):
            words["tos"] = struct.unpack("=i", data)[0]
        elif (level, kind) == (socket.IPPROTO_IP, 6):
            words["options"] = data.hex()
    return [part for name in ("to", "on", "ttl", "tos", "options") if name in words
            for part in (name, words[name])]


args = arguments()
sys.exit({"ask": ask, "listen": listen}[args.mode](args))
