"""Reads a log in JSON, strictly: every line an object of just the members that the manual has.

usage: log_lines.py FILE                   only check
       log_lines.py FILE EVENT NAME ...    print these members of each such event, as JSON, or "-"
"""
import json
import re
import sys

LIMIT = 4096
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LEVELS = ("debug", "info", "notice", "warning", "error", "fatal")
TLS = {"version": str, "cipher": str, "resumed": bool}
EVENTS = {
    "message": {"message": str},
    "statistics": {
        "sessions": int, "blocks_to_right": int, "bytes_to_right": int,
        "blocks_to_left": int, "bytes_to_left": int,
    },
    "session": {
        "close_reason": str, "failed": bool, "duration": float,
        "bytes_to_upstream": int, "bytes_to_client": int,
        "blocks_to_upstream": int, "blocks_to_client": int, "lost": int,
        "client": str, "upstream": str,
    },
}
OPTIONAL = {
    "session": {
        "error": str, "via": str, "listener": str, "client_pid": int, "client_uid": int,
        "proxy": str, "exit_status": int, "client_tls": dict, "upstream_tls": dict,
    },
}
ENDS = ("closed reset timed_out read_error write_error tls_cut tls_error limit escape").split()
REASONS = {f"{end}_{what}" for end in ("client", "upstream") for what in ENDS} | set(
    "idle_timeout linger_timeout program_exited out_of_memory grace_over signal lookup_failed "
    "connect_failed proxy_failed handshake_failed open_failed".split())


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name twice: {names}"
    return dict(pairs)


def no_constant(text):
    raise AssertionError(f"{text} is not JSON")


def check_members(record, needed, optional):
    for name, kind in needed.items():
        assert type(record.get(name)) is kind, f"{name} is {record.get(name)!r}"
    for name, value in record.items():
        if name not in needed:
            assert name in optional, f"{name} is not a member of this event"
            assert type(value) is optional[name], f"{name} is {value!r}"


def check(record):
    event = record["event"]
    needed = {"time": str, "level": str, "program": str, "pid": int, "event": str}
    check_members(record, needed | EVENTS[event], OPTIONAL.get(event, {}) | {"host": str})
    assert TIME.fullmatch(record["time"]), record["time"]
    assert record["level"] in LEVELS, record["level"]
    if event != "session":
        return
    assert record["close_reason"] in REASONS, record["close_reason"]
    for side in ("client_tls", "upstream_tls"):
        if side in record:
            check_members(record[side], TLS, {"sni": str, "peer_name": str})


def read(line):
    assert len(line) <= LIMIT, f"a line of {len(line)} bytes"
    assert not re.search(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]", line), "a control character"
    return json.loads(line.decode("utf-8"), object_pairs_hook=no_duplicates,
                      parse_constant=no_constant)


def main(path, event=None, *names):
    with open(path, "rb") as log:
        text = log.read()
    assert text.endswith(b"\n"), "the last line has no end"
    for line in text[:-1].split(b"\n"):
        try:
            record = read(line)
            check(record)
        except (AssertionError, ValueError, KeyError) as error:
            sys.exit(f"{error!r} in {line!r}")
        if record["event"] == event:
            print(*(json.dumps(record[name]) if name in record else "-" for name in names))


if __name__ == "__main__":
    main(*sys.argv[1:])
