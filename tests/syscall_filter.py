"""Run a program as a unit of systemd confines it, as far as that can be had without systemd: its
SystemCallFilter= and RestrictAddressFamilies=. A call that is not allowed kills the program, unlike
the error that the unit asks for, so that none goes unseen. Standard library only, and
systemd-analyze(1), which knows the groups of calls, and gcc, which knows their numbers.

syscall_filter.py UNIT COMMAND...
"""
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys

NO_NEW_PRIVS, SECCOMP, SECCOMP_FILTER = 38, 22, 2
ALLOW, KILL = 0x7FFF0000, 0x80000000
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER_AT, FIRST_ARGUMENT_AT = 0, 16


def settings(path, name):
    with open(path) as unit:
        return [line.strip().split("=", 1)[1] for line in unit if line.startswith(name + "=")]


def groups():
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    found, name = {}, None
    for line in text.splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            found[name] = []
        elif word and not word.startswith("#") and name:
            found[name].append(word)
    return found


def expand(word, known):
    if not word.startswith("@"):
        return {word}
    return set().union(*(expand(inner, known) for inner in known[word]))


def allowed_calls(path):
    known, allowed = groups(), set()
    for setting in settings(path, "SystemCallFilter"):
        for word in setting.lstrip("~").split():
            if setting.startswith("~"):
                allowed -= expand(word, known)
            else:
                allowed |= expand(word, known)
    return allowed


def numbers():
    text = subprocess.run(["gcc", "-E", "-dD", "-"], input="#include <sys/syscall.h>\n", check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return {name: int(number) for name, number in
            re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.M)}


def build(path):
    number, families = numbers(), settings(path, "RestrictAddressFamilies")[0].split()
    program = [(LOAD, 0, 0, NUMBER_AT)]
    for name in sorted(allowed_calls(path) - {"socket"}):
        if name in number:
            program += [(JUMP_EQUAL, 0, 1, number[name]), (RETURN, 0, 0, ALLOW)]
    program += [(JUMP_EQUAL, 1, 0, number["socket"]), (RETURN, 0, 0, KILL)]
    program += [(LOAD, 0, 0, FIRST_ARGUMENT_AT)]
    for name in families:
        program += [(JUMP_EQUAL, 0, 1, int(getattr(socket, name))), (RETURN, 0, 0, ALLOW)]
    program += [(RETURN, 0, 0, KILL)]
    return program


def confine(program):
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or
            libc.prctl(SECCOMP, SECCOMP_FILTER, filter_, 0, 0) != 0):
        sys.exit("prctl: " + os.strerror(ctypes.get_errno()))


steps = build(sys.argv[1])
confine(steps)
os.execvp(sys.argv[2], sys.argv[2:])
