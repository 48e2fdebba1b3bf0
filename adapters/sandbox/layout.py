"""What a box sees: the arguments of bubblewrap, as a pure function of what is mounted.

The order matters to bubblewrap: a later mount lies over an earlier one, and the root is made read-only last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core import boxes
from core.boxes import Limits, Mount
from core.errors import ConfigurationError

RUNTIME = "/run/pullwright"
USER, UID = "box", 1000

# What programs need of /etc, none of which is about this machine's people or secrets.
PUBLIC_ETC = (
    "alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "protocols",
    "services", "ssl/certs",
    "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted", "perl", "maven", "java-17-openjdk",
    "java-21-openjdk",
)  # fmt: skip

ETC = {
    "/etc/passwd": (
        f"root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n{USER}:x:{UID}:{UID}::{boxes.HOME}:/bin/sh\n"
    ).encode(),
    "/etc/group": f"root:x:0:\n{USER}:x:{UID}:\n".encode(),
    "/etc/hosts": b"127.0.0.1 localhost box\n::1 localhost\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}

_RESERVED = ("/proc", "/dev", "/etc", "/usr", "/bin", "/sbin", "/lib", boxes.TREE, RUNTIME)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is mounted where. `descriptors` are the open files whose contents appear at those paths;
    `seccomp` is one to read the filter from, `status` one that bubblewrap tells its progress to.
    """

    tree: Path
    mounts: Sequence[Mount]
    limits: Limits
    descriptors: Mapping[str, int]
    seccomp: int
    status: int
    cwd: str
    env: Mapping[str, str]
    nested_namespaces: bool = False


def bubblewrap_arguments(layout: Layout) -> list[str]:
    """Everything between `bwrap` and the command."""
    temporary = str(layout.limits.temporary_bytes)
    arguments = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *([] if layout.nested_namespaces else ["--disable-userns"]),
        *("--uid", str(UID), "--gid", str(UID), "--hostname", "box"),
        *("--new-session", "--die-with-parent"),
        *("--seccomp", str(layout.seccomp), "--json-status-fd", str(layout.status)),
        *("--perms", "0755", "--dir", "/etc"),
        *_system(),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", temporary, "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),  # noqa: S108
        *("--size", temporary, "--perms", "1777", "--tmpfs", "/tmp"),  # noqa: S108
        *("--perms", "0700", "--dir", boxes.HOME, "--dir", "/run", "--dir", RUNTIME),
        *("--dir", "/var", "--symlink", "../tmp", "/var/tmp"),  # noqa: S108
        *("--bind", str(layout.tree), boxes.TREE),
    ]
    for mount in layout.mounts:
        arguments += ["--bind" if mount.writable else "--ro-bind", str(mount.source), mount.target]
    for path, descriptor in layout.descriptors.items():
        arguments += ["--perms", "0444", "--file", str(descriptor), path]
    arguments += ["--remount-ro", "/", "--chdir", str(PurePosixPath(boxes.TREE, layout.cwd)), "--clearenv"]
    for name, value in layout.env.items():
        arguments += ["--setenv", name, value]
    return arguments


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a command in a box."""
    path = boxes.PATH
    if python := foreign_python():
        path += f":{python.source}/bin"
    return {"PATH": path, "HOME": boxes.HOME, "LANG": "C.UTF-8", "TMPDIR": "/tmp", **extra}  # noqa: S108


def foreign_python() -> Mount | None:
    """The Python that runs us, shown read-only at its own path, where the system has none of its own."""
    if Path("/usr/bin/python3").exists() or Path(sys.base_prefix).is_relative_to("/usr"):
        return None
    return Mount(Path(sys.base_prefix), sys.base_prefix)


def python() -> str:
    """A Python inside the box."""
    found = foreign_python()
    return f"{found.target}/bin/python3" if found else "/usr/bin/python3"


def checked(mounts: Sequence[Mount]) -> tuple[Mount, ...]:
    """The mounts with resolved sources, outermost first; one that would hide a part of the box is refused."""
    for mount in mounts:
        target = PurePosixPath(mount.target)
        if not target.is_absolute() or ".." in target.parts or target == PurePosixPath("/"):
            raise ConfigurationError(f"A mount's target is an absolute path in the box, not {mount.target!r}.")
        if any(target.is_relative_to(reserved) for reserved in _RESERVED):
            raise ConfigurationError(f"Nothing can be mounted over {mount.target!r}: it is a part of the box.")
        if not mount.source.exists():
            raise ConfigurationError(f"{str(mount.source)!r} cannot be mounted: it does not exist.")
    return tuple(
        Mount(mount.source.resolve(), os.path.normpath(mount.target), mount.writable)
        for mount in sorted(mounts, key=lambda mount: len(PurePosixPath(mount.target).parts))
    )


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in PUBLIC_ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
