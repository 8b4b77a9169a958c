"""Data over terminals, as over serial lines.

terminal_serial.py SCENARIO PROGRAM, as terminal.py."""
import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import sys
import termios as T
import threading

from terminal import (BOUND, Pair, Relay, check, main, read_until, running, wait_until)

BYTES = bytes(range(256))
MEGABYTES = BYTES * 4096 * 3


def write_all(fd, data):
    """In the background: the reader may be slower."""
    def work():
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest):]
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def file_with(data):
    with open('data', 'wb') as file:
        file.write(data)
    return 'data'


def to_line(kind):
    """From a file to a line; the reader gets every byte, also those behind the end of input."""
    pair = Pair()
    relay = Relay('-u', 'OPEN:' + file_with(MEGABYTES), f'{kind}:{pair.name},rawer')
    check(read_until(pair.master, len(MEGABYTES)) == MEGABYTES, f'{kind}: other data')
    check(relay.end() == 0 and pair.restored(), f'{kind}: {relay.log}')


def from_line(kind):
    pair = Pair()
    relay = Relay('-u', f'{kind}:{pair.name},rawer,readbytes={len(MEGABYTES)}', 'CREATE:copy')
    relay.open()
    write_all(pair.master, MEGABYTES)
    check(relay.end() == 0 and pair.restored(), f'{kind}: {relay.log}')
    with open('copy', 'rb') as file:
        check(file.read() == MEGABYTES, f'{kind}: other data')


def both_ways():
    """Both directions at once, with an echo at the other side of the line."""
    pair = Pair()
    relay = Relay(f'OPEN:{pair.name},rawer', 'PIPE').open()
    write_all(pair.master, MEGABYTES)
    check(read_until(pair.master, len(MEGABYTES)) == MEGABYTES, 'other data')
    relay.end(signal.SIGTERM)


def null_modem():
    """Two relays, and between them another socat with a pair of lines."""
    modem = subprocess.Popen(['/usr/bin/socat', 'PTY,rawer,link=line1', 'PTY,rawer,link=line2'])
    running.append(modem)
    wait_until(lambda: os.path.exists('line1') and os.path.exists('line2'), 'no null modem')
    for here, there in (('line1', 'line2'), ('line2', 'line1')):
        far = Relay('-u', f'GOPEN:{there},rawer,b115200,crtscts,readbytes={len(MEGABYTES)}', '-')
        far.open()
        near = Relay('TCP-LISTEN:0,bind=127.0.0.1', f'OPEN:{here},rawer,b115200,crtscts')
        client = socket.create_connection(('127.0.0.1', near.port()))
        write_all(client.fileno(), MEGABYTES)
        check(read_until(far.process.stdout.fileno(), len(MEGABYTES)) == MEGABYTES, 'other data')
        client.close()
        check(near.end() == 0, near.log)
        check(far.end() == 0, far.log)
    modem.terminate()
    modem.wait(BOUND)


def lines():
    """In canonical mode lines are edited by the kernel, and ^D is the end."""
    pair = Pair()
    relay = Relay('-u', f'OPEN:{pair.name}', '-').open()
    os.write(pair.master, b'abc\x7fd\none\x15two\r\x04')
    check(relay.process.stdout.read() == b'abd\ntwo\n', 'other lines')
    check(relay.end() == 0, relay.log)


def threshold():
    """With min=5 fewer bytes wait until they are five."""
    pair = Pair()
    relay = Relay('-u', f'OPEN:{pair.name},rawer,min=5', '-').open()
    for part in (b'ab', b'c', b'de'):
        os.write(pair.master, part)
    check(read_until(relay.process.stdout.fileno(), 5) == b'abcde', 'other data')
    os.write(pair.master, b'123456789')
    check(read_until(relay.process.stdout.fileno(), 9) == b'123456789', 'other data')
    relay.end(signal.SIGTERM)


def sleeps(relay):
    with open(f'/proc/{relay.process.pid}/wchan', 'rb') as file:
        return b'poll' in file.read()


def drain(fd):
    """All that is there at the moment."""
    count = 0
    while select.select([fd], [], [], 0)[0]:
        count += len(os.read(fd, 65536))
    return count


def stopped():
    """A line whose output is stopped makes us wait, not turn, and takes the rest afterwards."""
    pair = Pair()
    T.tcflow(pair.slave, T.TCOOFF)
    relay = Relay('-u', 'OPEN:' + file_with(MEGABYTES), f'OPEN:{pair.name},rawer').open()
    wait_until(lambda: sleeps(relay), 'does not wait')
    check(drain(pair.master) == 0, 'output in spite of the stop')
    T.tcflow(pair.slave, T.TCOON)
    count = len(read_until(pair.master, 100000))
    T.tcflow(pair.slave, T.TCOOFF)
    count += drain(pair.master)
    wait_until(lambda: sleeps(relay), 'does not wait again')
    count += drain(pair.master)
    check(count < len(MEGABYTES), 'it was not stopped')
    T.tcflow(pair.slave, T.TCOON)
    check(MEGABYTES.endswith(read_until(pair.master, len(MEGABYTES) - count)), 'other data')
    check(relay.end() == 0, relay.log)


def software_flow_control():
    """^S and ^Q from the other side with ixon; the kernel tells of both in packet mode."""
    pair = Pair()
    relay = Relay('-u', 'OPEN:' + file_with(MEGABYTES.replace(b'\x00', b'\x01')),
                  f'OPEN:{pair.name},rawer,ixon')
    relay.wait_log('starting data transfer')
    fcntl.ioctl(pair.master, T.TIOCPKT, b'\x01\x00\x00\x00')
    os.write(pair.master, b'\x13')
    count, seen = 0, 0
    while not seen & T.TIOCPKT_STOP:
        packet = read_until_packet(pair.master)
        seen = packet[0]
        count += len(packet) - 1
    os.write(pair.master, b'\x11')
    while count < len(MEGABYTES):
        packet = read_until_packet(pair.master)
        seen |= packet[0]
        count += len(packet) - 1
    check(seen & T.TIOCPKT_START, 'not started again')
    check(count == len(MEGABYTES), f'{count} bytes')
    check(relay.end() == 0, relay.log)


def read_until_packet(fd):
    if not select.select([fd], [], [], BOUND)[0]:
        raise TimeoutError('no packet')
    return os.read(fd, 65536)


def hang_up():
    """The other side goes: the end of file, after what was sent; nothing to complain of."""
    for arguments in (('-u',), ()):
        pair = Pair()
        relay = Relay(*arguments, f'OPEN:{pair.name},rawer', '-').open()
        os.close(pair.slave)
        os.write(pair.master, b'last words')
        check(read_until(relay.process.stdout.fileno(), 10) == b'last words', 'other data')
        os.close(pair.master)
        check(relay.end() == 0, f'{arguments}: status')
        check(' W ' not in relay.log and ' E ' not in relay.log, relay.log)
    pair = Pair()
    relay = Relay(f'OPEN:{pair.name},rawer,ignoreeof', '-').open()
    pair.close()
    relay.process.stdin.write(b'more')
    relay.process.stdin.close()
    status = relay.end()
    check(status == 1 and re.search('(Input/output|I/O) error', relay.log), relay.log)


def sessions():
    """Several sessions with one line, one after the other and at the same time."""
    pair = Pair()
    relay = Relay('TCP-LISTEN:0,bind=127.0.0.1,fork', f'OPEN:{pair.name},rawer')
    clients = []
    for i in range(5):
        clients.append(socket.create_connection(('127.0.0.1', relay.port())))
        clients[i].sendall(b'%d' % i)
        check(read_until(pair.master, 1) == b'%d' % i, f'session {i}')
    for client in clients:
        client.close()
    wait_until(pair.restored, 'not restored')
    for i in range(5):
        with socket.create_connection(('127.0.0.1', relay.port())) as client:
            client.settimeout(BOUND)
            client.sendall(b'%d' % i)
            check(read_until(pair.master, 1) == b'%d' % i, f'session {i}')
            os.write(pair.master, b'answer')
            check(read_until(client.fileno(), 6) == b'answer', f'session {i}: answer')
    descriptors = f'/proc/{relay.process.pid}/fd'
    wait_until(lambda: not any(os.readlink(f'{descriptors}/{fd}') == pair.name
                               for fd in os.listdir(descriptors)), 'the line stays open')
    relay.end(signal.SIGTERM)


def no_controlling_terminal():
    """A line gets no power over us, unless noctty=0 says so."""
    for option, owned in (('rawer', False), ('rawer,noctty', False), ('rawer,noctty=0', True),
                          ('rawer,ctty', True), ('rawer,ctty=0', False)):
        pair = Pair()
        relay = Relay(f'OPEN:{pair.name},{option}', '-', start_new_session=True).open()
        with open(f'/proc/{relay.process.pid}/stat') as file:
            device = int(file.read().rsplit(')', 1)[1].split()[4])
        check((device != 0) == owned, f'{option}: controlling terminal {device}')
        relay.end(signal.SIGTERM)
        pair.close()


main({
    'open-write': lambda: to_line('OPEN'), 'gopen-write': lambda: to_line('GOPEN'),
    'open-read': lambda: from_line('OPEN'), 'gopen-read': lambda: from_line('GOPEN'),
    'both-ways': both_ways, 'null-modem': null_modem, 'lines': lines, 'threshold': threshold,
    'stopped': stopped, 'software-flow-control': software_flow_control, 'hang-up': hang_up,
    'sessions': sessions, 'no-controlling-terminal': no_controlling_terminal,
})
