"""The manual page beside the program: what one of them knows, the other one shall know, too.

manual.py PAGE SOURCES MODE     prints what does not agree, nothing if all does

SOURCES is the folder of the sources. The output of "socat -hhh" comes on standard input. Modes:
switches, types, options, environment, signals; examples prints the EXAMPLES' command lines instead.
"""
import os
import re
import sys

# Words of mdoc(7) that end a list of arguments of Cm, Fl, Ev ...
MACROS = {"Ar", "Cm", "Ev", "Fl", "Li", "Ns", "Oc", "Oo", "Op", "Pq", "Pc", "Po", "Ta", "Sy", "Dv"}
# Headings of options whose groups are not in them.
GROUPS_OF = {
    "Data (APPL, any type)": ["APPL"],
    "Process": ["PROCESS", "all"],
    "Who may connect (RANGE, ports)": ["RANGE", "IP4", "IP6", "UDP", "TCP", "SCTP", "DCCP", "UDPLITE"],
    "TCP": ["TCP"],
    "SCTP, DCCP": ["SCTP", "DCCP"],
    "Options of TLS": ["OPENSSL"],
}


# Names that follow by a rule: under which heading, from which names, to which, and the rule's words.
RULES = (
    ("Sockets (SOCKET)", r"so-(.*)", r"\1", "The other name is the one without\n.Li so- "),
    ("Regular files, block devices, pipes (REG, BLK, FIFO)", r"fs-(.*)", r"ext2-\1",
     "Each has further names that begin with\n.Li ext2-"),
    ("Regular files, block devices, pipes (REG, BLK, FIFO)", r"fs-(.*)", r"ext3-\1",
     ".Li ext2-\nand\n.Li ext3-"),
    ("Network interfaces (INTERFACE)", r"iff-(.*)", r"\1",
     "Without\n.Li iff-\nthe names mean the same"),
    ("Terminals and serial lines (TERMIOS)", r"(.*)", r"v\1", "Each name may begin with a v"),
)


def items(page):
    """(section, subsection, line) of all .It lines. In tables that have no column for other names
    each cell is an item."""
    section = subsection = None
    other_names = False
    with open(page) as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith(".Sh "):
                section, subsection = line[4:], None
            elif line.startswith(".Ss "):
                subsection = line[4:]
            elif line.startswith(".Bl "):
                other_names = False
            elif line.startswith(".It Sy Option"):
                other_names = "Other names" in line
            elif line.startswith(".It ") and " Ta" in line and not other_names:
                for cell in line[4:].split(" Ta"):
                    yield section, subsection, "Cm " + cell
            elif line.startswith(".It "):
                yield section, subsection, line[4:]


def arguments(line, macro):
    """The words that are arguments of this macro."""
    found, inside = [], False
    for word in line.split():
        if word in MACROS:
            inside = word == macro
        elif inside and word not in (",", ":", "=", ";"):
            found.append(word.replace("\\&", ""))
    return found


def names_of(line):
    """Those of options or types that an item is about: [own names], [other names]."""
    if line.startswith("Sy "):
        return [], []
    if " Ta" in line and not line.startswith("Cm "):
        own, others = line.split(" Ta")[:2]
        return own.replace(",", " ").split(), others.replace(",", " ").split()
    own, _, others = re.sub(r"Ns = Ns Cm \S+( \| \S+)*", "", line).partition(" Pq ")
    return arguments(own, "Cm"), arguments(others, "Cm")


def read_help(text):
    """Switches; {type: (syntax, aliases)}; {option: (groups, aliases)}."""
    switches, types, options, aliases, part = [], {}, {}, [], None
    for line in text.split("\n"):
        heading = re.match(r" {3}(options|bi-address|single-address|address-head|opts|opt)\b", line)
        if heading:
            part = heading.group(1)
        elif not line.startswith("      ") or line.startswith("         "):
            continue
        elif part == "options" and line.strip().startswith("-"):
            switches.append(line.strip())
        elif part == "address-head" and "\t" in line:
            name, rest = line.strip().split("\t", 1)
            if "alias" in rest:
                aliases.append((types, name, rest.split()[-1]))
            else:
                head = re.match(r"[\w-]+", name).group()
                types[head] = (name[len(head):], [])
        elif part == "opt" and "\t" in line:
            name, rest = line.strip().split("\t", 1)
            if "alias" in rest:
                aliases.append((options, name, rest.split()[-1]))
            else:
                groups = re.search(r"groups=(\S+)", rest).group(1).strip("()").split(",")
                options[name] = (groups, [])
    for table, alias, name in aliases:
        table[name][1].append(alias)
    return switches, types, options


def check_switches(page, _, switches):
    documented = set()
    for section, _, line in items(page):
        if section == "OPTIONS":
            # in mdoc "-" before a name makes a long switch
            documented |= {"-" + word.lstrip("\\&") for word in arguments(line, "Fl")}
    known = set()
    for line in switches:
        word = re.split(r"[<\[ ]", line.replace("-d[ddd]", "-d|-dd|-ddd|-dddd"))[0]
        first, *others = word.split("|")
        known |= {first} | {o if o.startswith("-") else first[:-1] + o for o in others}
    known |= {"-??", "-???"}      # -h has -? for another name
    for name in sorted(known - documented):
        print("switch %s is not in the manual" % name)
    for name in sorted(documented - known):
        print("there is no switch %s" % name)


def documented_types(page, types):
    """{name: [(number of parameters, other names)]}"""
    found = {}
    for section, subsection, line in items(page):
        own, others = names_of(line)
        if section != "ADDRESS TYPES" or not own:
            continue
        colons = len(re.findall(r" : ", line.split(" Pq ")[0])) // len(own)
        for name in own:
            if name.endswith("-*"):
                like = re.sub(r"[46]?-\*$", "", name)
                like = like if like + "-LISTEN" in found or like + "-RECV" in found else "UDP"
                for other in [n for n in found if n.startswith(like + "-")]:
                    new = name[:-1] + other[len(like) + 1:]
                    found[new] = [(found[other][0][0], [
                        name[:-2] + alias[len(like):] for alias in found[other][0][1]])]
            else:
                found.setdefault(name, []).append((colons, others))
    return found


def check_types(page, types):
    found = documented_types(page, types)
    for name, (syntax, aliases) in sorted(types.items()):
        if name not in found:
            print("type %s is not in the manual" % name)
            continue
        if syntax.count(":") not in [colons for colons, _ in found[name]]:
            print("type %s has other parameters: %s" % (name, syntax))
        others = {alias for _, more in found[name] for alias in more}
        for alias in set(aliases) ^ others:
            print("type %s: %s is a name in one place only" % (name, alias))
    for name in sorted(set(found) - set(types)):
        print("there is no type %s" % name)


def implied_names(page, found):
    """Those that prose tells of: by rules, and in lists of speeds and of further names."""
    with open(page) as file:
        text = file.read()
    names = set(re.findall(r"\bb[0-9]+\b", " ".join(re.findall(r"^\.Cm (b[0-9].*)$", text, re.M))))
    names |= {name for name in ("detachfilter", "nocheck") if "\n.Cm %s" % name in text}
    for heading, pattern, result, words in RULES:
        if words in text:
            names |= {re.sub("^%s$" % pattern, result, name)
                      for name, headings in found.items()
                      if heading in headings and re.match(pattern, name)}
    return names


def check_options(page, options):
    alias_of = {alias: name for name, (_, more) in options.items() for alias in more}
    found = {}
    for section, subsection, line in items(page):
        if section != "ADDRESS OPTIONS" or subsection is None:
            continue
        own, others = names_of(line)
        if line.startswith("Li ") or (not own and not others):
            continue
        groups = GROUPS_OF.get(subsection) or re.search(r"\((.*)\)", subsection).group(1).split(", ")
        for name in own + others:
            if name not in options and name not in alias_of:
                print("there is no option %s" % name)
                continue
            canonical = alias_of.get(name, name)
            found.setdefault(name, []).append(subsection)
            if not set(options[canonical][0]) & set(groups):
                print("option %s is under \"%s\", and of group %s"
                      % (name, subsection, ",".join(options[canonical][0])))
            if name in others and name in alias_of and canonical not in own + others and \
                    not set(own) & set(options[canonical][1]):
                print("option %s is another name of %s" % (name, canonical))
    implied = implied_names(page, found)
    for name in sorted(set(options) | set(alias_of)):
        if name not in found and name not in implied:
            print("option %s (%s) is not in the manual" % (name, alias_of.get(name, name)))


def sources(folder):
    for place, _, files in os.walk(folder):
        for name in files:
            if name.endswith((".c", ".h")):
                with open(os.path.join(place, name)) as file:
                    yield file.read()


def check_environment(page, folder):
    text = "\n".join(sources(folder))
    read = set(re.findall(r'getenv\("(\w+)"\)', text))
    # those whose names are in a table or an argument
    for body in sources(folder):
        if re.search(r"[^n]getenv\([a-z]", body):
            read |= set(re.findall(r'"(SOCAT_[A-Z_]+|LOGNAME|USER)"', body))
    with open(page) as file:
        section = file.read().split(".Sh ENVIRONMENT")[1].split(".Sh ")[0]
    ours, given = section.split("Set for programs")
    documented = set()
    for line in re.findall(r"^\.It (Ev .*)$", ours, re.M):
        documented |= set(arguments(line, "Ev"))
    for name in sorted(read - documented):
        print("variable %s is not in the manual" % name)
    for name in sorted(documented - read):
        print("variable %s is not read" % name)
    for name in re.findall(r"SOCAT_(\w+)", given):
        parts = ["OPENSSL", "X509", "X509V3"]
        tail = "_".join(part for part in name.split("_") if part not in parts)
        if tail != "NAME" and tail.lower() not in text.lower():
            print("variable SOCAT_%s is not set" % name)


def check_signals(page, folder):
    with open(page) as file:
        text = file.read()
    section = text.split(".Sh SIGNALS")[1].split(".Sh ")[0]
    for path in ("main.c", "loop/child.c", "relay/run.c"):
        with open(os.path.join(folder, path)) as file:
            for name in sorted(set(re.findall(r"\b(SIG[A-Z0-9]{3,})\b", file.read()))):
                if name not in section and name not in ("SIGCHLD", "SIGKILL"):
                    print("signal %s is not in the manual" % name)
    status = text.split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    for word in ("0", "1", "128", "126", "127"):
        if not re.search(r"\b%s\b" % word, status):
            print("exit status %s is not in the manual" % word)


def print_examples(page):
    with open(page) as file:
        text = file.read().split(".Sh EXAMPLES")[1].split(".Sh ")[0]
    lines = re.findall(r"^\.Dl (.*)$", text, re.M)
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", text, re.M | re.S):
        lines += block.replace("\\e\n", "").split("\n")
    for line in lines:
        match = re.search(r"(?:^|[ '=/])socat (.*)$", line.replace("\\e", "\\"))
        if match:
            command = match.group(1)
            # as a shell, or ssh(1) for its "%h" and "%p", hands it on
            command = re.sub(r" 2>&1 .*|' user@.*", "", command)
            print(command.replace("%h", "host").replace("%p", "22"))


def main(page, folder, mode):
    switches, types, options = read_help(sys.stdin.read())
    if mode == "switches":
        check_switches(page, folder, switches)
    elif mode == "types":
        check_types(page, types)
    elif mode == "options":
        check_options(page, options)
    elif mode == "environment":
        check_environment(page, folder)
    elif mode == "signals":
        check_signals(page, folder)
    else:
        print_examples(page)


main(*sys.argv[1:])
