"""Packets that come in a burst, in both directions; standard library only.

udp_trains.py RELAY PORT SERVER SIZE...   RELAY: its process; PORT: where it listens; SERVER: the
port that it sends to. SIZE is N or COUNT*N. Both ends send packets of these sizes while the relay is
stopped, so that it finds all of them when it goes on. Status 0: all came, each as it was, in order.
"""
import os
import signal
import socket
import sys
import time

BOUND = 15
HOST = "127.0.0.1"


def sizes(words):
    for word in words:
        count, star, size = word.rpartition("*")
        for _ in range(int(count) if star else 1):
            yield int(size)


def packets(words, seed):
    for i, size in enumerate(sizes(words)):
        yield bytes(97 + (seed + i + k) % 26 for k in range(size))


def new_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(BOUND)
    return sock


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + BOUND
    while open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] not in "Tt":
        if time.monotonic() > until:
            sys.exit("the relay does not stop")
        time.sleep(0.01)


def compare(name, sock, wanted):
    for i, packet in enumerate(wanted):
        try:
            got = sock.recv(65536)
        except socket.timeout:
            sys.exit(f"{name}: packet {i} of {len(wanted)} did not come")
        if got != packet:
            sys.exit(f"{name}: packet {i} has {len(got)} bytes, wanted {len(packet)}, or is changed")


def main(argv):
    relay, port, server_port = int(argv[0]), int(argv[1]), int(argv[2])
    server, client = new_socket(), new_socket()
    server.bind((HOST, server_port))
    client.connect((HOST, port))
    client.send(b"first")
    upstream = server.recvfrom(100)[1]
    up, down = list(packets(argv[3:], 1)), list(packets(argv[3:], 100))
    stop(relay)
    for packet in up:
        client.send(packet)
    for packet in down:
        server.sendto(packet, upstream)
    os.kill(relay, signal.SIGCONT)
    compare("up", server, up)
    compare("down", client, down)


main(sys.argv[1:])
