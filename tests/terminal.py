"""Scenarios with terminals: pairs of pseudo terminals whose settings are compared with what
<termios.h> has, as Python's module termios knows it.

terminal.py SCENARIO PROGRAM: status 0, or 1 with what went wrong on standard output."""
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

BOUND = int(os.environ.get('BOUND', '20'))
TCGETS2, TCSETS2 = 0x802C542A, 0x402C542B
WORDS = ('iflag', 'oflag', 'cflag', 'lflag')
BOTHER, IBSHIFT = 0o10000, 16
T = termios
failures = []
running = []


def check(good, what):
    if not good:
        failures.append(what)


# ---- settings: a dictionary of the four words, the characters and the speeds

def settings(fd):
    raw = bytearray(44)
    fcntl.ioctl(fd, TCGETS2, raw)
    values = dict(zip(WORDS, struct.unpack_from('4I', raw)))
    values['cc'] = list(raw[17:36])
    values['ispeed'], values['ospeed'] = struct.unpack_from('2I', raw, 36)
    return values


def put(fd, values):
    raw = bytearray(44)
    struct.pack_into('4I', raw, 0, *(values[word] for word in WORDS))
    raw[17:36] = bytes(values['cc'])
    struct.pack_into('2I', raw, 36, values['ispeed'], values['ospeed'])
    fcntl.ioctl(fd, TCSETS2, raw)


def shown(values):
    return ' '.join(f'{key}={oct(value) if key in WORDS else value}'
                    for key, value in values.items())


class Pair:
    """A pseudo terminal: master and slave, and the slave's name."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        self.name = os.ttyname(self.slave)
        self.found = settings(self.slave)

    def restored(self):
        return settings(self.slave) == self.found

    def close(self):
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)
        self.master = self.slave = -1


# ---- the program

class Relay:
    """The program tested, started with -d -d. Its log is read as far as needed."""

    def __init__(self, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more):
        self.process = subprocess.Popen((sys.argv[2], '-d', '-d') + arguments, stdin=stdin,
                                        stdout=stdout, stderr=subprocess.PIPE, **more)
        self.log = ''
        running.append(self.process)

    def wait_log(self, pattern):
        until = time.monotonic() + BOUND
        while not re.search(pattern, self.log):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stderr], [], [], left)[0]:
                raise TimeoutError(f'no {pattern!r} in: {self.log}')
            block = os.read(self.process.stderr.fileno(), 65536).decode()
            if block == '':
                raise EOFError(f'no {pattern!r} in: {self.log}')
            self.log += block

    def open(self):
        self.wait_log('starting data transfer loop')
        return self

    def end(self, number=None):
        """Its exit status, of itself or after that signal."""
        if number is not None:
            self.process.send_signal(number)
        for stream in (self.process.stdin, self.process.stdout):
            if number is not None and stream is not None:
                stream.close()
        status = self.process.wait(BOUND)
        self.log += self.process.stderr.read().decode()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed:
                stream.close()
        return status

    def port(self):
        self.wait_log(r'listening on .*:\d+\n')
        return int(re.search(r'listening on .*:(\d+)\n', self.log).group(1))


def wait_until(condition, what):
    until = time.monotonic() + BOUND
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.01)


def read_until(fd, count):
    """That many bytes."""
    data = b''
    while len(data) < count:
        if not select.select([fd], [], [], BOUND)[0]:
            raise TimeoutError(f'{len(data)} bytes instead of {count}')
        block = os.read(fd, count - len(data))
        if block == b'':
            break
        data += block
    return data


def main(scenarios):
    try:
        scenarios[sys.argv[1]]()
    except (OSError, EOFError, subprocess.TimeoutExpired) as error:
        failures.append(f'{type(error).__name__}: {error}')
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    print('\n'.join(failures[:20]))
    sys.exit(1 if failures else 0)
