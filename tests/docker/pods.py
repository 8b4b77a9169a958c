"""Runs the pods of a manifest with a Docker engine, as a kubelet would.

pods.py up FILE KIND/NAME STATE OPTION...   starts it, waits until it is ready; STATE is a file
pods.py down STATE      ends it as a cluster does: preStop, SIGTERM, in the time it is given
pods.py id STATE CONTAINER | address STATE

  --label LABEL              of all containers
  --image NAME=IMAGE         what the manifest's image is here
  --host NAME=ADDRESS        a line of the pod's /etc/hosts
  --secret NAME=DIRECTORY    a secret, or config map, with a key for each file
  --mount FILE=PATH          something of the node that its images have otherwise

A pod is a container that only sleeps, and has the network that the others share. A port below
1024 is nobody's there, as in clusters that don't allow them.
"""
import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import manifest

BOUND = 60


class Failure(Exception):
    pass


def docker(*words, check=True):
    done = subprocess.run(("docker",) + words, capture_output=True, text=True, timeout=BOUND,
                          check=False)
    if check and done.returncode != 0:
        raise Failure("docker %s: %s" % (" ".join(words), done.stderr.strip()))
    return done.stdout.strip() if check else done


def pairs(words):
    return dict(word.split("=", 1) for word in words)


# ---- from the manifest to docker run

def expand(text, variables):
    """$(NAME) as Kubernetes has it: $$ is one $, unknown names stay."""
    out, rest = "", text
    while "$" in rest:
        before, rest = rest.split("$", 1)
        out += before
        if rest.startswith("$"):
            out, rest = out + "$", rest[1:]
        elif rest.startswith("(") and ")" in rest and rest[1:rest.index(")")] in variables:
            name, rest = rest[1:].split(")", 1)
            out += variables[name]
        else:
            out += "$"
    return out + rest


def files_of(volume, secrets, pod, parent):
    """A directory with what is mounted from a secret, with the rights that a kubelet gives it."""
    place = tempfile.mkdtemp(dir=parent)
    os.chmod(place, 0o755)
    if "emptyDir" in volume:
        os.chmod(place, 0o777)
        return place
    source = volume.get("secret") or volume["configMap"]
    name = source.get("secretName") or source["name"]
    if name not in secrets:
        if not source.get("optional"):
            raise Failure("no secret %r" % name)
        return place
    group = pod.get("securityContext", {}).get("fsGroup")
    for item in source.get("items") or [{"key": key, "path": key}
                                        for key in os.listdir(secrets[name])]:
        path = os.path.join(place, item["path"])
        shutil.copyfile(os.path.join(secrets[name], item["key"]), path)
        mode = source.get("defaultMode", 0o644)
        os.chown(path, 0, group or 0)
        os.chmod(path, mode | 0o440 if group is not None else mode)
    return place


def identity(container, pod):
    """--user and --group-add; the image's user may not be root if that is said."""
    common = pod.get("securityContext", {})
    context = dict(common, **container.get("securityContext", {}))
    words = []
    if "runAsUser" in context:
        words += ["--user", "%d:%d" % (context["runAsUser"], context.get("runAsGroup", 0))]
    elif context.get("runAsNonRoot"):
        raise Failure("%s: whether its image's user is root is not known" % container["name"])
    groups = common.get("supplementalGroups", [])
    for group in groups + ([common["fsGroup"]] if "fsGroup" in common else []):
        words += ["--group-add", str(group)]
    return words


def bytes_of(quantity):
    units = {"Ki": 1024, "Mi": 1024 ** 2, "Gi": 1024 ** 3}
    return str(int(quantity[:-2]) * units[quantity[-2:]]) if quantity[-2:] in units else quantity


def limits(container):
    given = container.get("resources", {}).get("limits", {})
    words = []
    if "memory" in given:
        words += ["--memory", bytes_of(given["memory"])]
    if "cpu" in given:
        cpu = given["cpu"]
        words += ["--cpus", str(int(cpu[:-1]) / 1000) if cpu.endswith("m") else cpu]
    return words


def run_words(container, pod, volumes, image):
    """The words after "docker run" for a container, without its network."""
    context = container.get("securityContext", {})
    words = identity(container, pod) + limits(container)
    # the seccomp profile that is Docker's default is also what RuntimeDefault means
    if context.get("readOnlyRootFilesystem"):
        words.append("--read-only")
    if context.get("allowPrivilegeEscalation") is False:
        words += ["--security-opt", "no-new-privileges"]
    for kind in ("drop", "add"):
        for capability in context.get("capabilities", {}).get(kind, []):
            words += ["--cap-" + kind, capability]
    for field in ("stdin", "tty"):
        if container.get(field):
            words.append({"stdin": "--interactive", "tty": "--tty"}[field])
    variables = {one["name"]: one["value"] for one in container.get("env", [])}
    for name, value in variables.items():
        words += ["--env", "%s=%s" % (name, value)]
    for mount in container.get("volumeMounts", []):
        words += ["--volume", "%s:%s%s" % (volumes[mount["name"]], mount["mountPath"],
                                           ":ro" if mount.get("readOnly") else "")]
    command = [expand(word, variables) for word in container.get("command", [])]
    args = [expand(word, variables) for word in container.get("args", [])]
    if command:
        words += ["--entrypoint", command[0]]
    return words + [image] + command[1:] + args


# ---- probes

def port_number(container, port):
    if isinstance(port, int):
        return port
    return next(one["containerPort"] for one in container["ports"] if one.get("name") == port)


def ask(container, state, probe):
    """None if all is well, or what is wrong."""
    seconds = probe.get("timeoutSeconds", 1)
    try:
        if "exec" in probe:
            done = docker("exec", state["containers"][container["name"]], *probe["exec"]["command"],
                          check=False)
            return None if done.returncode == 0 else done.stderr.strip() or "a status"
        if "httpGet" in probe:
            get = probe["httpGet"]
            url = "http://%s:%d%s" % (state["address"], port_number(container, get["port"]),
                                      get.get("path", "/"))
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(url, timeout=seconds) as answer:
                return None if 200 <= answer.status < 400 else "status %d" % answer.status
        port = port_number(container, probe["tcpSocket"]["port"])
        socket.create_connection((state["address"], port), seconds).close()
        return None
    except OSError as error:
        return str(error)


def await_probes(container, state):
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        if kind not in container:
            continue
        until = time.monotonic() + BOUND
        while True:
            wrong = ask(container, state, container[kind])
            if wrong is None:
                break
            if time.monotonic() > until:
                raise Failure("%s: %s: %s" % (container["name"], kind, wrong))
            time.sleep(0.1)


# ---- a pod's life

def start(pod, options, state):
    images, secrets = pairs(options.image), pairs(options.secret)
    common = ["--detach", "--label", options.label]
    hosts = [word for name, address in pairs(options.host).items()
             for word in ("--add-host", "%s:%s" % (name, address))]
    state["pause"] = docker("run", *common, *hosts, "--read-only", "--entrypoint", "sleep",
                            "--sysctl", "net.ipv4.ip_unprivileged_port_start=1024",
                            images["socat"], "infinity")
    state["address"] = docker(
        "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        state["pause"])
    volumes = {volume["name"]: files_of(volume, secrets, pod, state["files"])
               for volume in pod.get("volumes", [])}
    node = [word for file, path in pairs(options.mount).items()
            for word in ("--volume", "%s:%s:ro" % (file, path))]
    for container in manifest.containers_of(pod):
        image = images[container["image"].split(":")[0]]
        state["containers"][container["name"]] = docker(
            "run", *common, *node, "--network", "container:" + state["pause"],
            *run_words(container, pod, volumes, image))
    for container in manifest.containers_of(pod):
        await_probes(container, state)


def up(options):
    kind, name = options.object.split("/")
    document = next(one for one in manifest.check(options.file)
                    if one["kind"] == kind and one["metadata"]["name"] == name)
    pod = manifest.pod_of(document)[1]
    state = {"pod": pod, "containers": {}, "files": tempfile.mkdtemp(dir=os.path.dirname(
        os.path.abspath(options.state)))}
    os.chmod(state["files"], 0o755)
    try:
        start(pod, options, state)
    finally:
        with open(options.state, "w", encoding="utf-8") as file:
            json.dump(state, file)


def end(name, state, period):
    """What a container is told at its end: preStop, SIGTERM, and SIGKILL once the period is over."""
    began = time.monotonic()
    container = next(one for one in manifest.containers_of(state["pod"]) if one["name"] == name)
    stop = container.get("lifecycle", {}).get("preStop")
    identifier = state["containers"][name]
    if stop:
        docker("exec", identifier, *stop["exec"]["command"])
    left = max(1, int(period - (time.monotonic() - began)))
    docker("stop", "--time", str(left), identifier)
    return int(docker("inspect", "--format", "{{.State.ExitCode}}", identifier))


def down(state):
    """The containers first, then the sidecars, in the order opposite to their start."""
    pod = state["pod"]
    until = time.monotonic() + pod.get("terminationGracePeriodSeconds", 30)
    wrong = []
    for container in pod["containers"] + pod.get("initContainers", [])[::-1]:
        code = end(container["name"], state, until - time.monotonic())
        if container["image"].startswith("socat") and code not in (0, 143):
            wrong.append("%s: exit status %d" % (container["name"], code))
    docker("rm", "--force", *state["containers"].values(), state["pause"])
    shutil.rmtree(state["files"])
    if wrong:
        raise Failure("; ".join(wrong))


def parse():
    parser = argparse.ArgumentParser()
    modes = parser.add_subparsers(dest="mode", required=True)
    mode = modes.add_parser("up")
    for name in ("file", "object", "state"):
        mode.add_argument(name)
    mode.add_argument("--label", required=True)
    for name in ("image", "host", "secret", "mount"):
        mode.add_argument("--" + name, action="append", default=[])
    for name in ("down", "id", "address"):
        mode = modes.add_parser(name)
        mode.add_argument("state")
        if name == "id":
            mode.add_argument("container")
    return parser.parse_args()


def main():
    options = parse()
    try:
        if options.mode == "up":
            up(options)
            return 0
        with open(options.state, encoding="utf-8") as file:
            state = json.load(file)
        if options.mode == "down":
            down(state)
        else:
            print(state["address"] if options.mode == "address"
                  else state["containers"][options.container])
        return 0
    except (Failure, manifest.Fault, subprocess.TimeoutExpired) as failure:
        print("pods: %s" % failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
