"""Reads what --metrics serves, strictly, and visits it in ways no scraper would; standard library
only.

scrape.py check FILE...        the files are scrapes of one run, in order: each is well-formed, and no
                               counter goes down from one to the next
scrape.py visit ADDRESS MODE   prints what is answered; ADDRESS is HOST:PORT or unix:PATH

Modes:
  send TEXT     send the text (with escapes: \\r, \\n, \\xHH), print the answer until its end
  pieces TEXT   the same, byte by byte
  half TEXT     the same, and end our side after the text
  leave TEXT    send it and close at once
  hold N TEXT   open N connections, send each the text, print "held N", keep them until standard
                input ends; then print how many were closed meanwhile
  stall         ask for /metrics again and again, reading nothing
scrape.py full PORTFILE        listens, accepting nothing, with its queue full
"""
import os
import re
import signal
import socket
import sys

BOUND = 60
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
VALUE = re.compile(r"[0-9]+(\.[0-9]+)?")


class Malformed(Exception):
    """With the line and what is wrong."""


def must(condition, why, line=""):
    if not condition:
        raise Malformed(f"{why}: {line}")


def read_labels(text, line):
    labels = {}
    while text:
        match = LABEL.match(text)
        must(match, "labels", line)
        must(match[1] not in labels, "label twice", line)
        must(match[3] == "" or text[match.end():], "comma at the end", line)
        labels[match[1]] = match[2]
        text = text[match.end():]
    return labels


def read_sample(line):
    match = NAME.match(line)
    must(match, "name", line)
    name, rest = match[0], line[match.end():]
    labels = {}
    if rest.startswith("{"):
        end = rest.rindex("}")
        labels = read_labels(rest[1:end], line)
        rest = rest[end + 1:]
    must(rest.startswith(" ") and VALUE.fullmatch(rest[1:]), "value", line)
    return name, labels, float(rest[1:])


def family_of(name, kinds):
    """The family that a sample's name belongs to, by the TYPE lines seen so far."""
    for suffix in ("_bucket", "_sum", "_count"):
        base = name.removesuffix(suffix)
        if base != name and kinds.get(base) == "histogram":
            return base
    return name


def read_scrape(path):
    """(series, kinds): values by name and sorted labels; types by family."""
    with open(path, newline="") as file:
        text = file.read()
    must(text.endswith("\n") and "\r" not in text and "\n\n" not in text, "line ends")
    series, kinds, helps, current = {}, {}, {}, None
    for line in text.splitlines():
        words = line.split(" ", 3)
        if words[:2] == ["#", "HELP"]:
            must(words[2] not in helps and len(words) == 4 and words[3], "HELP", line)
            helps[words[2]] = words[3]
        elif words[:2] == ["#", "TYPE"]:
            must(words[2] not in kinds, "TYPE twice", line)
            must(len(words) == 4 and words[3] in ("counter", "gauge", "histogram"), "TYPE", line)
            must(words[2] in helps, "no HELP before", line)
            must(words[3] != "counter" or words[2].endswith("_total"), "_total", line)
            must(words[3] == "counter" or not words[2].endswith("_total"), "_total", line)
            kinds[words[2]] = words[3]
            current = words[2]
        else:
            must(not line.startswith("#"), "comment", line)
            name, labels, value = read_sample(line)
            must(family_of(name, kinds) == current, "out of its family", line)
            must(re.match(r"(socat|process)_", name), "prefix", line)
            key = (name, tuple(sorted(labels.items())))
            must(key not in series, "series twice", line)
            series[key] = value
    must(set(kinds) == set(helps), "HELP without TYPE")
    return series, kinds


def check_histogram(name, series):
    buckets = [(float(dict(labels)["le"]), value) for (sample, labels), value in series.items()
               if sample == name + "_bucket"]
    must(buckets == sorted(buckets) and len(buckets) == len(dict(buckets)), "bounds", name)
    must([v for _, v in buckets] == sorted(v for _, v in buckets), "not cumulative", name)
    must(buckets[-1][0] == float("inf"), "no +Inf", name)
    must(buckets[-1][1] == series[name + "_count", ()], "_count", name)
    must(series[name + "_sum", ()] >= 0, "_sum", name)


def check_sums(series):
    """What has begun has ended or is open."""
    ended = sum(v for (name, _), v in series.items() if name == "socat_sessions_ended_total")
    must(series["socat_sessions_total", ()] == ended + series["socat_sessions_open", ()], "sums")


def never_less(series, kinds, before):
    for (name, labels), value in series.items():
        family = family_of(name, kinds)
        if kinds[family] != "gauge":
            must(value >= before.get((name, labels), 0), "went down", f"{name}{labels}")


def check(paths):
    before, names = {}, None
    for path in paths:
        series, kinds = read_scrape(path)
        must(len(series) > 40, "few series", path)
        for name, kind in kinds.items():
            if kind == "histogram":
                check_histogram(name, series)
        check_sums(series)
        never_less(series, kinds, before)
        must(names is None or names == set(series), "series come or go", path)
        before, names = series, set(series)
    print(f"{len(paths)} checked")


def connect(address):
    if address.startswith("unix:"):
        conn = socket.socket(socket.AF_UNIX)
        conn.settimeout(BOUND)
        conn.connect(address[5:])
        return conn
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), BOUND)


def unescape(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def read_all(conn):
    answer = b""
    while True:
        block = conn.recv(65536)
        if not block:
            return answer
        answer += block


def send_and_read(address, parts, half=False):
    conn = connect(address)
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in parts:
        conn.sendall(part)
    if half:
        conn.shutdown(socket.SHUT_WR)
    sys.stdout.buffer.write(read_all(conn))


def hold(address, count, text):
    conns = [connect(address) for _ in range(count)]
    for conn in conns:
        conn.sendall(text)
    print(f"held {count}", flush=True)
    sys.stdin.read()
    closed = 0
    for conn in conns:
        conn.setblocking(False)
        try:
            closed += conn.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionError:
            closed += 1
    print(f"closed {closed}", flush=True)


def stall(address):
    """Until nothing more is taken."""
    conn = connect(address)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    try:
        while True:
            conn.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    except (ConnectionError, TimeoutError) as error:
        print(type(error).__name__)


def full(portfile):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    waiting = []
    for _ in range(4):
        conn = socket.socket()
        conn.setblocking(False)
        conn.connect_ex(server.getsockname())
        waiting.append(conn)
    with open(portfile + ".new", "w") as out:
        out.write(str(server.getsockname()[1]))
    os.rename(portfile + ".new", portfile)
    signal.pause()


def visit(address, mode, *words):
    if mode == "send":
        send_and_read(address, [unescape(words[0])])
    elif mode == "pieces":
        send_and_read(address, [bytes([byte]) for byte in unescape(words[0])])
    elif mode == "half":
        send_and_read(address, [unescape(words[0])], True)
    elif mode == "leave":
        conn = connect(address)
        conn.sendall(unescape(words[0]))
        conn.close()
    elif mode == "hold":
        hold(address, int(words[0]), unescape(words[1]))
    elif mode == "stall":
        stall(address)
    else:
        sys.exit(__doc__)


def main():
    command = sys.argv[1]
    if command == "check":
        try:
            check(sys.argv[2:])
        except Malformed as error:
            sys.exit(str(error))
    elif command == "visit":
        visit(*sys.argv[2:])
    elif command == "full":
        full(sys.argv[2])
    else:
        sys.exit(__doc__)


main()
