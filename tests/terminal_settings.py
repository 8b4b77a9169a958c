"""Options of terminals: what each does to the settings, when they are restored.

terminal_settings.py SCENARIO PROGRAM, as terminal.py."""
import os
import signal
import struct
import subprocess
import sys
import fcntl
import termios as T

from terminal import (BOTHER, BOUND, IBSHIFT, WORDS, Pair, Relay, check, failures, main, put,
                      read_until, settings, shown, wait_until)

FLAGS = {
    'iflag': 'brkint icrnl ignbrk igncr ignpar imaxbel inlcr inpck istrip iuclc ixany ixoff/tandem'
             ' ixon parmrk',
    'oflag': 'ocrnl ofdel ofill olcuc onlcr onlret onocr opost',
    'cflag': 'clocal crtscts cstopb hupcl/hup parodd',
    'lflag': 'echo echoctl/ctlecho echoe/crterase echok echoke/crtkill echonl echoprt/prterase'
             ' flusho icanon iexten isig noflsh pendin tostop xcase',
}
CHARACTERS = ('discard eof eol eol2 erase intr kill lnext min quit reprint/rprnt start stop susp'
              ' swtc/swtch time werase')
DELAYS = {'nl': 2, 'cr': 4, 'tab': 4, 'bs': 2, 'vt': 2, 'ff': 2}
SPEEDS = ('0 50 75 110 134 150 200 300 600 1200 1800 2400 4800 9600 19200 38400 57600 115200'
          ' 230400 460800 500000 576000 921600 1000000 1152000 1500000 2000000 2500000 3000000'
          ' 3500000 4000000').split()
# <asm/termbits.h>; not all versions of the module termios have them
OTHER = {'IUCLC': 0o1000, 'OLCUC': 2, 'XCASE': 4, 'ECHOCTL': 0o1000, 'ECHOPRT': 0o2000,
         'ECHOKE': 0o4000, 'FLUSHO': 0o10000, 'PENDIN': 0o40000, 'OFDEL': 0o200,
         'IMAXBEL': 0o20000, 'VSWTC': 7, 'IUTF8': 0o40000, 'EXTPROC': 0o200000, 'B7200': BOTHER}


def constant(name):
    return getattr(T, name) if hasattr(T, name) else OTHER[name]


def bits(names):
    value = 0
    for name in names.split():
        value |= constant(name)
    return value & 0xffffffff


def words(text):
    """Lists of the names of each option."""
    return [word.split('/') for word in text.split()]


def expect_bits(values, word, mask, wanted):
    values[word] = values[word] & ~mask | wanted


def expect_speed(values, speed):
    expect_bits(values, 'cflag', bits('CBAUD') | bits('CBAUD') << IBSHIFT,
                constant(f'B{speed}'))
    values['ispeed'] = values['ospeed'] = int(speed)


def expect_first_byte(values):
    values['cc'][T.VMIN], values['cc'][T.VTIME] = 1, 0


def expect_raw(values):
    values['iflag'] &= OTHER['IUTF8']
    values['oflag'] &= ~T.OPOST
    values['lflag'] &= ~bits('ISIG ICANON XCASE')
    expect_first_byte(values)


def expect_rawer(values):
    values['iflag'] = values['oflag'] = values['lflag'] = 0
    values['cflag'] = values['cflag'] & bits('CBAUD') | bits('CS8 CREAD')
    expect_first_byte(values)


def expect_cfmakeraw(values):
    values['iflag'] &= ~bits('IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON')
    values['oflag'] &= ~T.OPOST
    values['lflag'] &= ~bits('ECHO ECHONL ICANON ISIG IEXTEN')
    expect_first_byte(values)


def expect_sane(values):
    expect_bits(values, 'iflag', bits('IGNBRK INLCR IGNCR IUCLC IXANY IXOFF'),
                bits('BRKINT ICRNL IMAXBEL'))
    values['oflag'] = bits('OPOST ONLCR')
    expect_bits(values, 'lflag', bits('XCASE ECHONL NOFLSH TOSTOP ECHOPRT'),
                bits('ISIG ICANON IEXTEN ECHO ECHOE ECHOK ECHOCTL ECHOKE'))


def flag_rows():
    for word, names in FLAGS.items():
        for options in words(names):
            mask = constant(options[0].upper()) & 0xffffffff
            yield options[0] + '=0', lambda v, w=word, m=mask: expect_bits(v, w, m, 0)
            for name in [options[0] + '=1'] + options:
                yield name, lambda v, w=word, m=mask: expect_bits(v, w, m, m)


def field_rows():
    for name, count in DELAYS.items():
        mask = bits(name.upper() + 'DLY')
        for i in range(count):
            wanted = bits(f'{name.upper()}{i}')
            for option in (f'{name}{i}', f'{name}dly={i}'):
                yield option, lambda v, m=mask, b=wanted: expect_bits(v, 'oflag', m, b)
        if count == 2:
            yield name + 'dly', lambda v, m=mask: expect_bits(v, 'oflag', m, m)
    yield 'xtabs', lambda v: expect_bits(v, 'oflag', bits('TABDLY'), bits('TAB3'))
    # a pseudo terminal has nothing else
    for option in ('cs8', 'csize=3', 'parenb=0', 'cread'):
        yield option, lambda v: None


def character_rows():
    for options in words(CHARACTERS):
        index = constant('V' + options[0].upper())

        def expect(values, index=index, number=77):
            values['cc'][index] = number
        for name in options + ['v' + options[0]]:
            yield name + '=77', expect
        yield options[0] + '=0', lambda v, i=index: expect(v, i, 0)
        yield options[0] + '=0xff', lambda v, i=index: expect(v, i, 255)


def expect_input(values, speed):
    values['cflag'] |= constant(f'B{speed}') << IBSHIFT if f'B{speed}' in dir(T) else \
        BOTHER << IBSHIFT
    values['ispeed'] = speed


def expect_output(values, speed):
    expect_bits(values, 'cflag', bits('CBAUD'),
                constant(f'B{speed}') if f'B{speed}' in dir(T) else BOTHER)
    values['cflag'] |= T.B38400 << IBSHIFT
    values['ospeed'] = speed


def speed_rows():
    for speed in SPEEDS:
        yield 'b' + speed, lambda v, s=speed: expect_speed(v, s)
        if speed not in ('0', '38400'):
            yield f'ispeed={speed},ospeed={speed}', lambda v, s=speed: expect_speed(v, s)
            yield f'ospeed={speed},ispeed={speed}', lambda v, s=speed: expect_speed(v, s)
    for speed in (300, 9600, 250000, 4000000, 12345):
        yield f'ispeed={speed}', lambda v, s=speed: expect_input(v, s)
        yield f'ospeed={speed}', lambda v, s=speed: expect_output(v, s)
    yield 'ispeed=38400', lambda v: None
    yield 'ospeed=38400', lambda v: None
    yield 'ispeed=0', lambda v: None   # the same as the output


def composite_rows():
    composites = {'raw': expect_raw, 'rawer': expect_rawer, 'termios-rawer': expect_rawer,
                  'cfmakeraw': expect_cfmakeraw, 'termios-cfmakeraw': expect_cfmakeraw,
                  'sane': expect_sane}
    yield from composites.items()
    for word in (0, 1, 3):
        for name in ('setflags', 'termios-setflags'):
            for number in ('0', '0x155', '0177777'):
                yield f'{name}={word}:{number}', lambda v, w=word, n=number: v.update(
                    {WORDS[w]: int(n.replace('0177777', '0xffff'), 0)})
    # in the order written
    yield 'raw,echo=0', lambda v: (expect_raw(v), expect_bits(v, 'lflag', T.ECHO, 0))
    yield 'rawer,icanon', lambda v: (expect_rawer(v), expect_bits(v, 'lflag', 2, T.ICANON))
    yield 'icanon,rawer', expect_rawer
    yield 'min=9,raw', expect_raw
    yield 'raw,b9600', lambda v: (expect_raw(v), expect_speed(v, '9600'))
    yield 'b9600,rawer', lambda v: (expect_rawer(v), expect_speed(v, '9600'))
    yield 'setflags=3:0,echo', lambda v: v.update(lflag=T.ECHO)


def try_option(option, expect, start):
    pair = Pair()
    before = settings(pair.slave)
    start(before)
    put(pair.slave, before)
    before = settings(pair.slave)
    wanted = settings(pair.slave)
    expect(wanted)
    relay = Relay(f'OPEN:{pair.name},{option}', '-').open()
    got = settings(pair.slave)
    check(got == wanted, f'{option}: {shown(got)}\n  instead of {shown(wanted)}'
          f'\n  from {shown(before)}')
    check(' W ' not in relay.log and ' E ' not in relay.log, relay.log)
    relay.end(signal.SIGTERM)
    check(settings(pair.slave) == before, f'{option}: not restored: {shown(settings(pair.slave))}')
    pair.close()


def all_zeros(values):
    values.update(iflag=0, oflag=0, lflag=0, cc=list(range(100, 119)),
                  cflag=bits('B38400 CS8 CREAD'))


def all_ones(values):
    values.update(iflag=0o77777, oflag=0o177777, lflag=0o377777, cc=[200] * 19,
                  cflag=bits('B38400 CS8 CREAD CSTOPB PARODD HUPCL CLOCAL CRTSCTS'))


def try_rows(rows, least):
    count = 0
    for option, expect in rows:
        count += 1
        for start in (all_zeros, all_ones):
            try_option(option, expect, start)
    check(count >= least, f'only {count} rows')


def warned():
    """What a pseudo terminal can't do is warned of, once, and the relay goes on."""
    for option in ('cs5', 'cs6', 'cs7', 'csize=0', 'csize=2', 'parenb', 'cread=0', 'setflags=2:0'):
        pair = Pair()
        relay = Relay(f'OPEN:{pair.name},rawer,{option}', '-').open()
        found = relay.log.count(f'option "{option}" is not in effect')
        check(found == 1 and relay.log.count(' W ') == 1, f'{option}: {relay.log}')
        os.write(pair.master, b'data')
        check(read_until(relay.process.stdout.fileno(), 4) == b'data', f'{option}: no data')
        relay.end(signal.SIGTERM)
        pair.close()
    # what a later option takes back is none
    pair = Pair()
    relay = Relay(f'OPEN:{pair.name},cs7,parenb,cs8,parenb=0', '-').open()
    check(' W ' not in relay.log, relay.log)
    relay.end(signal.SIGTERM)


def size():
    for option in ('winsz=91:31', 'tiocswinsz=91:31'):
        pair = Pair()
        relay = Relay(f'OPEN:{pair.name},{option}', '-').open()
        got = struct.unpack('HHHH', fcntl.ioctl(pair.slave, T.TIOCGWINSZ, bytes(8)))
        check(got[:2] == (31, 91), f'{option}: rows and columns {got}')
        relay.end(signal.SIGTERM)
        pair.close()


def both_sides():
    """STDIO changes the terminals of standard input and output, and restores both."""
    first, second = Pair(), Pair()
    relay = Relay('-,rawer', 'PIPE', stdin=first.slave, stdout=second.slave).open()
    for pair in (first, second):
        check(settings(pair.slave)['lflag'] == 0, f'not set: {shown(settings(pair.slave))}')
    os.write(first.master, b'data')
    check(read_until(second.master, 4) == b'data', 'no data')
    relay.end(signal.SIGTERM)
    check(first.restored() and second.restored(), 'not restored')


def other_descriptors():
    """STDIN, STDOUT, FD, and STDIO where only one direction is used."""
    for arguments, where in ((('-u', 'STDIN,rawer', 'PIPE'), 'stdin'),
                             (('-u', '-,rawer', 'PIPE'), 'stdin'),
                             (('-U', '-,rawer', 'PIPE'), 'stdout'),
                             (('-u', 'PIPE', 'STDOUT,rawer'), 'stdout'),
                             (('-u', 'PIPE', 'FD:{},rawer'), 'pass_fds')):
        pair = Pair()
        more = {where: (pair.slave,) if where == 'pass_fds' else pair.slave}
        relay = Relay(*[word.format(pair.slave) for word in arguments], **more).open()
        check(settings(pair.slave)['lflag'] == 0, f'{arguments}: not set')
        relay.end(signal.SIGTERM)
        check(pair.restored(), f'{arguments}: not restored')
        pair.close()


def restored():
    """After the end of input, a hang-up of the other side, and each signal."""
    pair = Pair()
    relay = Relay(f'OPEN:{pair.name},rawer', '-').open()
    relay.process.stdin.close()
    check(relay.end() == 0 and pair.restored(), f'after the end of input: {relay.log}')
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT,
                   signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
        relay = Relay('-,rawer,b9600', 'PIPE', stdin=pair.slave, stdout=pair.slave).open()
        check(settings(pair.slave)['ospeed'] == 9600, f'{number}: not set')
        status = relay.end(number)
        check(status in (128 + number, -number), f'{number}: status {status}')
        check(pair.restored(), f'not after signal {number}: {shown(settings(pair.slave))}')
    relay = Relay('-,rawer', 'OPEN:/nonexistent/file', stdin=pair.slave, stdout=pair.slave)
    check(relay.end() == 1 and pair.restored(), 'after an error')
    # speeds that have no name
    found = dict(pair.found, cflag=pair.found['cflag'] & ~bits('CBAUD') | BOTHER, ispeed=7777,
                 ospeed=7777)
    put(pair.slave, found)
    pair.found = settings(pair.slave)
    relay = Relay(f'OPEN:{pair.name},b9600', '-').open()
    relay.end(signal.SIGTERM)
    check(pair.restored() and pair.found['ospeed'] == 7777, 'speed')


def sessions():
    """Those that share a terminal restore it when the last of them ends."""
    pair = Pair()
    relay = Relay('TCP-LISTEN:0,bind=127.0.0.1,fork', f'OPEN:{pair.name},rawer')
    import socket
    clients = []
    for i in range(3):
        clients.append(socket.create_connection(('127.0.0.1', relay.port())))
        clients[i].sendall(b'hello')
        check(read_until(pair.master, 5) == b'hello', f'session {i}')
    for client in clients[:2]:
        client.close()
    relay.wait_log('(?s)is at EOF.*is at EOF')
    check(settings(pair.slave)['lflag'] == 0, 'restored too early')
    clients[2].close()
    wait_until(pair.restored, 'not restored')
    relay.end(signal.SIGTERM)


def isolated():
    """A process of one connection leaves the terminal of its parent alone."""
    pair = Pair()
    relay = Relay('-,rawer', 'TCP-LISTEN:0,bind=127.0.0.1,fork,isolate', stdin=pair.slave,
                  stdout=pair.slave)
    import socket
    client = socket.create_connection(('127.0.0.1', relay.port()))
    client.sendall(b'hello')
    check(read_until(pair.master, 5) == b'hello', 'no data')
    children = f'/proc/{relay.process.pid}/task/{relay.process.pid}/children'
    check(open(children).read() != '', 'no process')
    client.close()
    wait_until(lambda: open(children).read() == '', 'process stays')
    check(settings(pair.slave)['lflag'] == 0, 'restored by the process')
    relay.end(signal.SIGTERM)
    check(pair.restored(), 'not restored')


def controlling(pair):
    """In a new process: the pair becomes its controlling terminal."""
    os.setsid()
    fcntl.ioctl(pair.slave, T.TIOCSCTTY, 0)


def job_in_background():
    """Whoever is in the foreground by the end keeps the settings that it has made."""
    pair = Pair()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        controlling(pair)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        relay = Relay('-,rawer', 'PIPE', stdin=pair.slave, stdout=pair.slave,
                      preexec_fn=lambda: (os.setpgid(0, 0), os.tcsetpgrp(pair.slave, os.getpgrp()),
                                          signal.signal(signal.SIGTTOU, signal.SIG_DFL)))
        relay.open()
        os.tcsetpgrp(pair.slave, os.getpgrp())
        changed = dict(settings(pair.slave), lflag=T.ECHO)
        put(pair.slave, changed)
        relay.end(signal.SIGTERM)
        os.write(writer, b'1' if settings(pair.slave) == changed else b'0')
        os._exit(0)
    os.close(writer)
    check(read_until(reader, 1) == b'1', 'the settings of another job were changed')
    os.waitpid(pid, 0)


def other_name():
    """/dev/tty is the same terminal: it is restored to what it was before the first change."""
    pair = Pair()
    pid = os.fork()
    if pid == 0:
        controlling(pair)
        os.execv(sys.argv[2], [sys.argv[2], 'OPEN:/dev/tty,rawer', f'OPEN:{pair.name},b9600'])
    wait_until(lambda: settings(pair.slave)['ospeed'] == 9600, 'not set')
    check(settings(pair.slave)['lflag'] == 0, 'not raw')
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    check(pair.restored(), f'not restored: {shown(settings(pair.slave))}')


def shell():
    """As a person does it: in an interactive shell, ended by the escape character and by ^C."""
    pair = Pair()
    pid = os.fork()
    if pid == 0:
        controlling(pair)
        for fd in range(3):
            os.dup2(pair.slave, fd)
        os.environ.update(PS1='ready> ', ENV='', TERM='dumb')
        os.execv('/bin/sh', ['sh', '-i'])

    def expect(text):
        data = b''
        while not data.endswith(text):
            data += read_until(pair.master, 1)
    expect(b'ready> ')
    at_prompt = settings(pair.slave)
    os.write(pair.master, f'{sys.argv[2]} -,rawer,escape=0x1d PIPE\n'.encode())
    wait_until(lambda: settings(pair.slave)['lflag'] == 0, 'not set')
    # the bytes of the command line have their own echo before
    os.write(pair.master, b'\x03\x04raw\r\x1d')
    expect(b'\x03\x04raw\r')
    expect(b'ready> ')
    check(settings(pair.slave) == at_prompt, f'after the escape: {shown(settings(pair.slave))}')
    os.write(pair.master, f'{sys.argv[2]} -,echo=0,icanon=0 PIPE\n'.encode())
    wait_until(lambda: settings(pair.slave)['lflag'] & T.ICANON == 0, 'not set')
    os.write(pair.master, b'\x03')
    expect(b'ready> ')
    check(settings(pair.slave) == at_prompt, f'after ^C: {shown(settings(pair.slave))}')
    os.write(pair.master, b'exit\n')
    os.close(pair.slave)
    pair.slave = -1
    os.waitpid(pid, 0)


main({
    'flags': lambda: try_rows(flag_rows(), 130),
    'fields': lambda: try_rows(field_rows(), 35),
    'characters': lambda: try_rows(character_rows(), 68),
    'speeds': lambda: try_rows(speed_rows(), 100),
    'composites': lambda: try_rows(composite_rows(), 31),
    'warned': warned, 'size': size, 'both-sides': both_sides,
    'other-descriptors': other_descriptors, 'restored': restored, 'sessions': sessions,
    'isolated': isolated, 'job-in-background': job_in_background, 'other-name': other_name,
    'shell': shell,
})
