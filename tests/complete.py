"""What a shell makes of a line when somebody presses TAB; standard library only.

complete.py SHELL SETUP LINE    prints the line as it is after that

SHELL is bash, zsh or fish; it runs on a pseudo terminal, in this folder. SETUP is what it reads first.
"""
import os
import pty
import select
import signal
import sys
import time

BOUND = 60
SHOW = "\x18\x0f"          # Ctrl-X Ctrl-O: write the line to a file

SETUPS = {
    "bash": "PS1='ready> '\nshow() { printf '%s' \"$READLINE_LINE\" >shown.part; mv shown.part shown; }\n"
            "bind -x '\"\\C-x\\C-o\": show'\nbind 'set bell-style none'\n",
    "zsh": "PROMPT='ready> '\nfpath=($PWD $fpath)\nautoload -U compinit && compinit -u -D\n"
           "show() { print -rn -- \"$BUFFER\" >shown.part; mv shown.part shown }\nzle -N show\n"
           "bindkey '^X^O' show\nsetopt no_beep no_list_beep\n",
    "fish": "function fish_prompt; echo -n 'ready> '; end\nfunction fish_greeting; end\n"
            "bind \\cx\\co 'commandline >shown.part; mv shown.part shown'\n",
}


def command(shell, setup):
    text = SETUPS[shell] + setup
    name = ".zshrc" if shell == "zsh" else "setup"
    with open(name, "w") as file:
        file.write(text)
    if shell == "bash":
        return ["bash", "--noprofile", "--rcfile", "setup", "-i"]
    if shell == "zsh":
        return ["zsh", "-i"]
    return ["fish", "--no-config", "-i", "-C", "source setup"]


def main(shell, setup, line):
    words = command(shell, setup)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", ZDOTDIR=os.getcwd(), HOME=os.getcwd())
        os.execvp(words[0], words)
    sent, seen, end = False, b"", time.monotonic() + BOUND
    while not os.path.exists("shown") and time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 65536)
        if not sent and b"ready> " in seen:
            os.write(terminal, (line + "\t" + SHOW).encode())
            sent = True
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if not os.path.exists("shown"):
        sys.exit("the shell did not answer: %r" % seen[-500:])
    with open("shown") as file:
        print(file.read().rstrip("\n").rstrip(" "))
    os.unlink("shown")


main(*sys.argv[1:])
