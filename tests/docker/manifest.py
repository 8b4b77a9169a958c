"""Kubernetes manifests, read strictly: as an API server with strict validation reads them, and an
admission controller with the "restricted" Pod Security Standard.

manifest.py FILE...   a line for each fault found; status 1 if there are any

Fields that are not in the tables below are faults, even if Kubernetes knows them: whoever needs
one more adds it, with what is to be checked about it.
"""
import re
import sys

import yaml


class Fault(Exception):
    pass


class StrictLoader(yaml.SafeLoader):
    """Keys are strings and come once; no anchors, as few tools show what they expand to."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key)
            if not isinstance(name, str):
                raise Fault("line %d: the key %r is no string" % (key.start_mark.line + 1, name))
            if name in seen:
                raise Fault("line %d: a second %r" % (key.start_mark.line + 1, name))
            seen.add(name)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent, index):
        if self.check_event(yaml.events.AliasEvent):
            raise Fault("an alias")
        return super().compose_node(parent, index)


def read(path):
    """The documents of a file."""
    with open(path, encoding="utf-8") as file:
        try:
            return [document for document in yaml.load_all(file, StrictLoader)]
        except yaml.YAMLError as error:
            raise Fault(str(error).replace("\n", " ")) from error


# ---- fields. A table is an object, its keys ending in "!" have to be there; a list of one is a
# list of those; a function or type is a value.

def matches(pattern, what):
    def check(value):
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Fault("%r is no %s" % (value, what))
    return check


def number(low, high):
    def check(value):
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Fault("%r is not from %d to %d" % (value, low, high))
    return check


def one_of(*words):
    def check(value):
        if value not in words:
            raise Fault("%r is none of %s" % (value, ", ".join(words)))
    return check


def strings(value):
    """An object of any keys with strings."""
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Fault("%r has more than strings" % (value,))


def port_or_name(value):
    (number(1, 65535) if isinstance(value, int) else PORT_NAME)(value)


NAME = matches(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "name")
PORT_NAME = matches(r"(?=.*[a-z])[a-z0-9](?:-?[a-z0-9]){0,14}", "name of a port")
QUANTITY = matches(r"[1-9][0-9]*(m|Ki|Mi|Gi)?", "quantity")
PORT = number(1, 65535)
SECONDS = number(1, 86400)
RESOURCES = {"cpu": QUANTITY, "memory": QUANTITY}
SECCOMP = {"type!": one_of("RuntimeDefault", "Localhost", "Unconfined"), "localhostProfile": str}
EXEC = {"command!": [str]}
HTTP_GET = {"path": str, "port!": port_or_name, "scheme": one_of("HTTP", "HTTPS")}
PROBE = {
    "exec": EXEC, "httpGet": HTTP_GET, "tcpSocket": {"port!": port_or_name},
    "initialDelaySeconds": number(0, 3600), "periodSeconds": SECONDS, "timeoutSeconds": SECONDS,
    "failureThreshold": number(1, 1000), "successThreshold": number(1, 1000),
}
CONTAINER = {
    "name!": NAME, "image!": str, "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"),
    "command": [str], "args": [str], "stdin": bool, "tty": bool,
    "env": [{"name!": matches(r"[A-Za-z_][A-Za-z0-9_]*", "variable"), "value!": str}],
    "ports": [{"name": PORT_NAME, "containerPort!": PORT, "hostPort": PORT,
               "protocol": one_of("TCP", "UDP", "SCTP")}],
    "lifecycle": {"preStop!": {"exec!": EXEC}},
    "livenessProbe": PROBE, "readinessProbe": PROBE, "startupProbe": PROBE,
    "resources": {"requests": RESOURCES, "limits": RESOURCES},
    "restartPolicy": one_of("Always"),
    "securityContext": {
        "allowPrivilegeEscalation": bool, "privileged": bool, "readOnlyRootFilesystem": bool,
        "runAsNonRoot": bool, "runAsUser": number(0, 65535), "runAsGroup": number(0, 65535),
        "capabilities": {"drop": [str], "add": [str]}, "seccompProfile": SECCOMP,
    },
    "volumeMounts": [{"name!": NAME, "mountPath!": matches("/.*", "path"), "readOnly": bool}],
}
FILES = {"optional": bool, "defaultMode": number(0, 0o777),
         "items": [{"key!": str, "path!": matches("[^/].*", "path")}]}
POD = {
    "containers!": [CONTAINER], "initContainers": [CONTAINER],
    "restartPolicy": one_of("Always", "OnFailure", "Never"),
    "automountServiceAccountToken": bool, "terminationGracePeriodSeconds": number(1, 3600),
    "hostNetwork": bool, "hostPID": bool, "hostIPC": bool, "shareProcessNamespace": bool,
    "securityContext": {
        "runAsNonRoot": bool, "runAsUser": number(0, 65535), "runAsGroup": number(0, 65535),
        "fsGroup": number(0, 65535), "supplementalGroups": [number(0, 65535)],
        "seccompProfile": SECCOMP,
    },
    "volumes": [{"name!": NAME, "secret": dict(FILES, **{"secretName!": NAME}),
                 "configMap": dict(FILES, **{"name!": NAME}),
                 "emptyDir": {"medium": one_of("Memory"), "sizeLimit": QUANTITY},
                 "hostPath": {"path!": str, "type": str}}],
}
METADATA = {"name!": NAME, "labels": strings, "annotations": strings}
TEMPLATE = {"metadata!": {"labels": strings, "annotations": strings}, "spec!": POD}
KINDS = {
    ("v1", "Pod"): {"spec!": POD},
    ("batch/v1", "Job"): {"spec!": {
        "template!": TEMPLATE, "backoffLimit": number(0, 100), "activeDeadlineSeconds": SECONDS,
        "ttlSecondsAfterFinished": number(0, 604800)}},
    ("apps/v1", "Deployment"): {"spec!": {
        "template!": TEMPLATE, "replicas": number(0, 100), "selector!": {"matchLabels!": strings},
        "strategy": {"type!": one_of("RollingUpdate", "Recreate"), "rollingUpdate": {
            "maxSurge": number(0, 100), "maxUnavailable": number(0, 100)}}}},
    ("v1", "Service"): {"spec!": {
        "selector!": strings, "type": one_of("ClusterIP", "NodePort", "LoadBalancer"),
        "ports!": [{"name": PORT_NAME, "port!": PORT, "targetPort": port_or_name,
                    "protocol": one_of("TCP", "UDP")}]}},
}


def check_fields(value, table, place):
    if isinstance(table, dict):
        if not isinstance(value, dict):
            raise Fault("%s: no object" % place)
        known = {key.rstrip("!"): key for key in table}
        for key in value:
            if key not in known:
                raise Fault("%s: unknown field %r" % (place, key))
            check_fields(value[key], table[known[key]], "%s.%s" % (place, key))
        for key in known:
            if known[key].endswith("!") and key not in value:
                raise Fault("%s: %r is missing" % (place, key))
    elif isinstance(table, list):
        if not isinstance(value, list) or not value:
            raise Fault("%s: no list, or an empty one" % place)
        for index, one in enumerate(value):
            check_fields(one, table[0], "%s[%d]" % (place, index))
    elif isinstance(table, type):
        if type(value) is not table:
            raise Fault("%s: %r is no %s" % (place, value, table.__name__))
    else:
        try:
            table(value)
        except Fault as fault:
            raise Fault("%s: %s" % (place, fault)) from None


# ---- what has to fit together

def pod_of(document):
    """Labels and specification of the pods of a document, or None."""
    if document["kind"] == "Pod":
        return document["metadata"].get("labels", {}), document["spec"]
    template = document["spec"].get("template")
    return template and (template["metadata"].get("labels", {}), template["spec"])


def containers_of(pod):
    return pod.get("initContainers", []) + pod["containers"]


def unique(names, what):
    for name in names:
        if names.count(name) > 1:
            raise Fault("a second %s %r" % (what, name))


def grace_of(container):
    """Seconds that the relay lets sessions finish."""
    words = container.get("args", []) + container.get("command", [])
    return int(words[words.index("--grace") + 1]) if "--grace" in words else 5


def check_container(container, pod, ports):
    name = container["name"]
    volumes = [volume["name"] for volume in pod.get("volumes", [])]
    for mount in container.get("volumeMounts", []):
        if mount["name"] not in volumes:
            raise Fault("%s: no volume %r" % (name, mount["name"]))
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(kind)
        if probe is None:
            continue
        if len({"exec", "httpGet", "tcpSocket"} & set(probe)) != 1:
            raise Fault("%s: %s has to have one way to ask" % (name, kind))
        port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
        if isinstance(port, str) and port not in [p.get("name") for p in container.get("ports", [])]:
            raise Fault("%s: %s: no port %r" % (name, kind, port))
    if container["image"].startswith("socat"):
        stop = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
        needed = grace_of(container) + (int(stop[1]) if stop[:1] == ["sleep"] else 0)
        if container.get("command", [""])[0] != "sleep" and \
                needed >= pod.get("terminationGracePeriodSeconds", 30):
            raise Fault("%s: killed before the %d seconds of preStop and --grace are over"
                        % (name, needed))
        if any(port["containerPort"] < 1024 for port in container.get("ports", [])):
            raise Fault("%s: a port below 1024, which not all clusters allow" % name)
    ports += [port["name"] for port in container.get("ports", []) if "name" in port]


def check_pod(document, labels, pod):
    containers = containers_of(pod)
    unique([container["name"] for container in containers], "container")
    unique([volume["name"] for volume in pod.get("volumes", [])], "volume")
    for volume in pod.get("volumes", []):
        if len(volume) != 2:
            raise Fault("volume %r has to be of one kind" % volume["name"])
    ports = []
    for container in containers:
        check_container(container, pod, ports)
    for container in pod["containers"]:
        if "restartPolicy" in container:
            raise Fault("%s: restartPolicy is for initContainers" % container["name"])
    unique(ports, "port")
    if document["kind"] == "Job" and pod.get("restartPolicy") not in ("Never", "OnFailure"):
        raise Fault("restartPolicy of a Job has to be Never or OnFailure")
    if document["kind"] == "Deployment":
        wanted = document["spec"]["selector"]["matchLabels"]
        if not wanted.items() <= labels.items():
            raise Fault("the selector does not choose the template's own pods")


def check_service(service, documents):
    wanted = service["spec"]["selector"].items()
    chosen = [pod_of(document)[1] for document in documents
              if pod_of(document) and wanted <= pod_of(document)[0].items()]
    if not chosen:
        raise Fault("the selector chooses no pod of this file")
    unique([port.get("name") for port in service["spec"]["ports"]], "port")
    for port in service["spec"]["ports"]:
        target = port.get("targetPort", port["port"])
        for pod in chosen:
            if not any(target in (has.get("name"), has["containerPort"])
                       for container in containers_of(pod) for has in container.get("ports", [])):
                raise Fault("no container has the port %r" % target)


# ---- the Pod Security Standard "restricted"

def check_restricted_container(container, pod):
    context = container.get("securityContext", {})
    common = pod.get("securityContext", {})

    def effective(field):
        return context.get(field, common.get(field))

    capabilities = context.get("capabilities", {})
    rules = {
        "privileged": not context.get("privileged"),
        "allowPrivilegeEscalation is not false": context.get("allowPrivilegeEscalation") is False,
        "runAsNonRoot is not true": effective("runAsNonRoot") is True,
        "runAsUser is 0": effective("runAsUser") != 0,
        "seccompProfile is not RuntimeDefault or Localhost":
            (effective("seccompProfile") or {}).get("type") in ("RuntimeDefault", "Localhost"),
        "not all capabilities are dropped": "ALL" in capabilities.get("drop", []),
        "capabilities are added": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "a port of the host": not any("hostPort" in port for port in container.get("ports", [])),
        # not in the standard, but what these manifests promise
        "the root file system can be written to": context.get("readOnlyRootFilesystem") is True,
        "no limit of memory": "memory" in container.get("resources", {}).get("limits", {}),
    }
    for text, kept in rules.items():
        if not kept:
            raise Fault("%s: not restricted: %s" % (container["name"], text))


def check_restricted(pod):
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            raise Fault("not restricted: %s" % field)
    for volume in pod.get("volumes", []):
        if "hostPath" in volume:
            raise Fault("not restricted: hostPath")
    for container in containers_of(pod):
        check_restricted_container(container, pod)


def check(path):
    """All documents of a file, checked, or a Fault."""
    documents = read(path)
    for document in documents:
        if not isinstance(document, dict):
            raise Fault("an empty document")
        kind = (document.get("apiVersion"), document.get("kind"))
        if kind not in KINDS:
            raise Fault("unknown kind %s %s" % kind)
        table = dict(KINDS[kind], **{"apiVersion!": str, "kind!": str, "metadata!": METADATA})
        check_fields(document, table, kind[1])
    unique([(document["kind"], document["metadata"]["name"]) for document in documents], "object")
    for document in documents:
        if document["kind"] == "Service":
            check_service(document, documents)
        else:
            check_pod(document, *pod_of(document))
            check_restricted(pod_of(document)[1])
    return documents


def main(paths):
    status = 0
    for path in paths:
        try:
            check(path)
        except Fault as fault:
            print("%s: %s" % (path, fault))
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
