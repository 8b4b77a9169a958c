"""Clients of a server that limits them; standard library only.

limits.py HOST:PORT|PATH COUNT [--from ADDRESS] [--uid N] [--header TEXT] [--udp]
          [--lost S] [--hold]

Opens so many connections one after the other (or sends to UDP from so many ports), says something
on each and hears whether the echo comes. The connections stay open. Prints "N served, M refused in
S seconds", and with --hold waits until standard input ends. A packet that nobody answers counts as
refused only if --lost tells after how many seconds.
"""
import argparse
import os
import socket
import sys
import time

BOUND = 60


def address_of(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def connect(args):
    if args.address.startswith("/"):
        conn = socket.socket(socket.AF_UNIX)
        conn.settimeout(BOUND)
        conn.connect(args.address)
        return conn
    host, port = address_of(args.address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    conn = socket.socket(family, socket.SOCK_DGRAM if args.udp else socket.SOCK_STREAM)
    conn.settimeout(args.lost if args.udp and args.lost else BOUND)
    if args.source:
        conn.bind((args.source, 0))
    conn.connect((host, port))
    return conn


def is_served(conn, args):
    try:
        conn.sendall(args.header.encode().decode("unicode_escape").encode() + b"x")
        return conn.recv(1) == b"x"
    except (ConnectionError, BrokenPipeError):
        return False
    except socket.timeout:
        if args.udp and args.lost:
            return False
        raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("count", type=int)
    parser.add_argument("--from", dest="source")
    parser.add_argument("--uid", type=int)
    parser.add_argument("--header", default="")
    parser.add_argument("--udp", action="store_true")
    parser.add_argument("--lost", type=float)
    parser.add_argument("--hold", action="store_true")
    args = parser.parse_args()
    if args.uid is not None:
        os.setuid(args.uid)
    begun = time.monotonic()
    conns, served = [], []
    for _ in range(args.count):
        conns.append(connect(args))
        served.append(is_served(conns[-1], args))
    print("%d served, %d refused in %.3f seconds"
          % (sum(served), len(served) - sum(served), time.monotonic() - begun), flush=True)
    if args.hold:
        sys.stdin.read()


main()
