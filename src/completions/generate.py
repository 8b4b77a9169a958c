"""Make the completions for shells: the tables of what there is, from "socat -hhh", go into the
templates beside this file (bash.in, zsh.in, fish.in) in the place of "#TABLES#".

generate.py SOCAT DIRECTORY    writes socat.bash, _socat and socat.fish there

The results are kept with the sources: a binary for another machine can't be asked, and installing
needs no Python. "make completions" writes them anew, and a test compares.
"""
import os
import re
import subprocess
import sys

# What the tables of the program don't tell: the words that a value may be, and which values are
# names of files, directories or network interfaces; by the options' canonical names.
WORDS = {
    "accept-proxy": "outside inside",
    "openssl-max-proto-version": "TLS1 TLS1.1 TLS1.2",
    "openssl-method": "SSL23 TLS1 TLS1.1 TLS1.2",
    "openssl-min-proto-version": "TLS1 TLS1.1 TLS1.2",
    "protocol-family": "ip4 ip6 unix vsock",
    "tun-type": "tun tap",
}
KINDS = {
    "file": "history-file openssl-cafile openssl-certificate openssl-dhparam openssl-key lockfile "
            "proxy-authorization-file range-file shell symbolic-link tcpwrap-hosts-allow-table "
            "tcpwrap-hosts-deny-table tun-device waitlock",
    "directory": "chdir chroot chroot-early openssl-capath tcpwrap-etc",
    "interface": "so-bindtodevice",
    "netns": "netns",
}
FACILITIES = "auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0 local1 " \
             "local2 local3 local4 local5 local6 local7"
SWITCH_WORDS = {"--log-format": "text json"}
SWITCH_FILES = ("file", "lockfile", "logfile")
# Kinds of value (-hhh) without which an option is usually written.
BARE = ("CONST", "BOOL", "STRING-NULL", "INT/NULL")


def read_switches(lines):
    """A list of (switch, takes: "", "file", "word" or "words")."""
    found = []
    for line in lines:
        if line.startswith("   bi-address"):
            break
        match = re.match(r" {6}(-\S+)(?: +([\[<]\S*))?( .*)?$", line)
        if not match:
            continue
        name, argument = match.group(1), match.group(2)
        if "<" in name and not argument:
            name, argument = name.split("<")[0], "<" + name.split("<", 1)[1]
        takes = "" if not argument else "word"
        if argument and argument.strip("<>[]") in SWITCH_FILES:
            takes = "file"
        if argument and argument.startswith("[") and argument.endswith("]"):
            takes = ""                                # it may stand alone
        if name == "-d[ddd]":
            names = ["-d", "-dd", "-ddd", "-dddd"]
        elif "[" in name:
            names = [name.split("[")[0]]
        elif "|" in name:
            first, *others = name.split("|")
            names = [first] + [o if o.startswith("-") else first[:-1] + o for o in others]
        else:
            names = [name]
        # a "?" would have to be quoted everywhere, and -h is there
        found += [(n, "words" if n in SWITCH_WORDS else takes) for n in names if "?" not in n]
    return found


def section(lines, begin, end):
    inside = False
    for line in lines:
        if line.startswith(end):
            return
        if inside and line.startswith("      "):
            yield line.strip()
        inside = inside or line.startswith(begin)


def read_types(lines):
    """Name: (syntax, groups, aliases)."""
    types, aliases = {}, {}
    for line in section(lines, "   address-head:", "   opts:"):
        name, _, rest = line.partition("\t")
        rest = rest.strip()
        if rest.startswith("is an alias name for "):
            aliases[name] = rest.split()[-1]
        elif rest.startswith("groups="):
            head = re.match(r"[\w-]+", name).group()
            types[head] = [name[len(head):].lstrip("[:"), rest[len("groups="):].split(","), []]
    for alias, name in aliases.items():
        types[name][2].append(alias)
    return types


def read_options(lines):
    """Name: (groups, kind of value, aliases)."""
    options, aliases = {}, {}
    for line in section(lines, "   opt:", "never"):
        name, _, rest = line.partition("\t")
        rest = rest.strip()
        if rest.startswith("is an alias for "):
            aliases[name] = rest.split()[-1]
        else:
            fields = dict(field.split("=", 1) for field in rest.split("\t") if field)
            options[name] = [fields["groups"].split(","), fields["type"], []]
    for alias, name in aliases.items():
        options[name][2].append(alias)
    return options


def value_of(name, kind):
    """What a value may be: ("words", ...), (kind, "") or None."""
    for what, names in KINDS.items():
        if name in names.split():
            return what, ""
    if name in WORDS:
        return "words", WORDS[name]
    return {"BOOL": ("words", "0 1"), "UID_T": ("user", ""), "GID_T": ("group", "")}.get(kind)


def parameter_of(name, syntax):
    if "<command-line>" in syntax or "<shell-command>" in syntax:
        return "command"
    if syntax.startswith("<filename>") and not name.startswith("ABSTRACT"):
        return "file"
    return "interface" if syntax.startswith("<interface>") else ""


class Shell:
    """The tables as functions that set $reply and others (bash, zsh)."""

    def function(self, name, cases):
        out = [name + "() {", "\tcase $1 in"]
        for labels, assignments in cases:
            out.append("\t%s)" % " | ".join(labels))
            out += ["\t\t%s='%s'" % pair for pair in assignments] + ["\t\t;;"]
        return "\n".join(out + ["\tesac", "}"])

    def list(self, name, words):
        return "%s='%s'" % (name, " ".join(words))


class Fish(Shell):
    def function(self, name, cases):
        out = ["function " + name, "\tswitch $argv[1]"]
        for labels, assignments in cases:
            out.append("\t\tcase %s" % " ".join("'%s'" % label for label in labels))
            out += ["\t\t\tset -g %s %s" % (key, value) for key, value in assignments]
        return "\n".join(out + ["\tend", "end"])

    def list(self, name, words):
        return "set -g %s %s" % (name, " ".join(words))


def tables(shell, switches, types, options):
    groups = {}
    for name, (own, kind, aliases) in options.items():
        mark = "" if kind in BARE else "="
        for group in own:
            groups.setdefault(group.strip("()"), []).append((name + mark, [a + mark for a in aliases]))
    head = [name + (":" if entry[0] else "") for name, entry in types.items()]
    other = [a + (":" if entry[0] else "") for entry in types.values() for a in entry[2] if a != "-"]
    values = {}
    for name, (own, kind, aliases) in options.items():
        if value_of(name, kind):
            values.setdefault(value_of(name, kind), []).extend([name] + aliases)
    out = [
        shell.list("__socat_types", sorted(head)),
        shell.list("__socat_type_aliases", sorted(other)),
        shell.list("__socat_switches", [name for name, _ in switches]),
        shell.list("__socat_facilities", FACILITIES.split()),
        shell.function("__socat_type", [
            ([name] + [a for a in entry[2] if a != "-"],
             [("groups", " ".join(entry[1])), ("parameter", parameter_of(name, entry[0]) or "none")])
            for name, entry in types.items()] + [(["-"], [("groups", " ".join(types["STDIO"][1]))])]),
        shell.function("__socat_group", [
            ([group], [("names", " ".join(n for n, _ in entries)),
                       ("aliases", " ".join(a for _, more in entries for a in more))])
            for group, entries in sorted(groups.items())]),
        shell.function("__socat_value", [
            (names, [("kind", kind)] + ([("choices", words)] if words else []))
            for (kind, words), names in sorted(values.items())]),
        shell.function("__socat_switch", [
            ([name], [("kind", takes)] +
             ([("choices", SWITCH_WORDS[name])] if takes == "words" else []))
            for name, takes in switches if takes]),
    ]
    return "\n\n".join(out)


def main(socat, directory):
    lines = subprocess.run([socat, "-hhh"], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()
    switches, types, options = read_switches(lines), read_types(lines), read_options(lines)
    for name in list(WORDS) + " ".join(KINDS.values()).split():
        if name not in options:
            sys.exit("generate.py: there is no option \"%s\"" % name)
    here = os.path.dirname(os.path.abspath(__file__))
    for template, result, shell in (("bash.in", "socat.bash", Shell()), ("zsh.in", "_socat", Shell()),
                                    ("fish.in", "socat.fish", Fish())):
        with open(os.path.join(here, template)) as file:
            text = file.read()
        with open(os.path.join(directory, result), "w") as file:
            file.write(text.replace("#TABLES#", tables(shell, switches, types, options)))


main(*sys.argv[1:])
