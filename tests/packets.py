#!/usr/bin/python3
"""Packets for the tests of devices and message queues.

  packets.py frame INTERFACE HEX       send a link-level frame
  packets.py sniff INTERFACE FILE [N]  write each frame that comes in to FILE as a line of hex,
                                       until N (default: any number) have come; says "ready"
  packets.py ping ADDRESS [SIZE]       ICMP echo: "answer" once one has come, trying for 10 s
  packets.py request FROM TO           print an IPv4 packet with an ICMP echo request, in hex
  packets.py mq send NAME PRIORITY TEXT...   put messages into an existing queue
  packets.py mq take NAME [N]          take N messages: lines "PRIORITY TEXT"
  packets.py mq attr NAME              maxmsg, msgsize and number of messages
"""
import ctypes
import os
import select
import socket
import struct
import sys
import time

ALL = 3


def raw(interface, protocol):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.bind((interface, protocol))
    return s


def frame(interface, text):
    raw(interface, 0).send(bytes.fromhex(text))


def sniff(interface, path, count="0"):
    s = raw(interface, ALL)
    left = int(count)
    with open(path, "w") as out:
        print("ready", flush=True)
        while True:
            data, address = s.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            out.write(data.hex() + "\n")
            out.flush()
            left -= 1
            if left == 0:
                return


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ping(address, size="56"):
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    payload = bytes(i & 255 for i in range(int(size)))
    ident = os.getpid() & 0xFFFF
    end = time.monotonic() + 10
    number = 0
    while time.monotonic() < end:
        number += 1
        head = struct.pack("!BBHHH", 8, 0, 0, ident, number)
        head = struct.pack("!BBHHH", 8, 0, checksum(head + payload), ident, number)
        try:
            s.sendto(head + payload, (address, 0))
        except OSError:
            pass
        until = time.monotonic() + 0.5
        while select.select([s], [], [], max(0, until - time.monotonic()))[0]:
            data, peer = s.recvfrom(65536)
            icmp = data[(data[0] & 15) * 4:]
            if (icmp[0] == 0 and peer[0] == address and icmp[8:] == payload and
                    struct.unpack("!H", icmp[4:6])[0] == ident):
                print("answer")
                return
    sys.exit("no answer")


def request(source, target):
    icmp = struct.pack("!BBHHH", 8, 0, 0, 7, 1)
    icmp = struct.pack("!BBHHH", 8, 0, checksum(icmp), 7, 1)
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, 1, 0) + ends
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, 1, checksum(head)) + ends
    print((head + icmp).hex())


class Attr(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_long), ("maxmsg", ctypes.c_long),
                ("msgsize", ctypes.c_long), ("curmsgs", ctypes.c_long),
                ("reserved", ctypes.c_long * 4)]


def mq(what, name, *arguments):
    lib = ctypes.CDLL("libc.so.6", use_errno=True)

    def call(function, *values):
        result = function(*values)
        if result < 0:
            sys.exit(os.strerror(ctypes.get_errno()))
        return result

    fd = call(lib.mq_open, name.encode(), os.O_WRONLY if what == "send" else os.O_RDONLY)
    attr = Attr()
    call(lib.mq_getattr, fd, ctypes.byref(attr))
    if what == "attr":
        print(attr.maxmsg, attr.msgsize, attr.curmsgs)
    elif what == "send":
        for text in arguments[1:]:
            call(lib.mq_send, fd, text.encode(), ctypes.c_size_t(len(text)), int(arguments[0]))
    else:
        buffer = ctypes.create_string_buffer(attr.msgsize)
        priority = ctypes.c_uint()
        for _ in range(int(arguments[0]) if arguments else 1):
            n = call(lib.mq_receive, fd, buffer, ctypes.c_size_t(attr.msgsize),
                     ctypes.byref(priority))
            print(priority.value, buffer.raw[:n].decode())


if __name__ == "__main__":
    {"frame": frame, "sniff": sniff, "ping": ping, "request": request,
     "mq": mq}[sys.argv[1]](*sys.argv[2:])
