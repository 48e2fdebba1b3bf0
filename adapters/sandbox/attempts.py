"""What the probe tries inside a box: each attempt says, as one JSON document, what it could do.

This file stands alone: its text is handed to the box's Python. No attempt does harm where nothing keeps it
in: it stops by itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

OURS = {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "LC_CTYPE"}
SYSTEM = ("/", "/etc", "/usr", "/usr/bin", "/dev", "/run", "/var")
NEW_USER_NAMESPACE = 0x10000000


def escape(host_port: str, secret: str, host_tree: str) -> dict[str, object]:
    """Everything that can be tried without using anything up."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "connected": [name for name, reach in networks(int(host_port)).items() if works(reach)],
        "environment": sorted(set(os.environ) - OURS),
        "readable": [path for path in (secret, "/etc/shadow", host_tree, "/root") if works(read, path)],
        "writable": [path for path in SYSTEM if works(write, path)],
        "tree": works(write, ".") and works(write, os.environ["HOME"]),
        "processes": sum(path.name.isdigit() for path in Path("/proc").iterdir()),
        "status": {name: status[name].strip() for name in ("NoNewPrivs", "Seccomp", "CapEff")},
        "namespaces": works(unshare),
    }


def fork(count: str) -> dict[str, object]:
    """How many processes could live at once, of `count`."""
    children = []
    with contextlib.suppress(OSError):
        for _ in range(int(count)):
            children.append(child(lambda: None))  # noqa: PERF401  # those before the refused one count
    end(children)
    return {"forked": len(children)}


def remember(mebibytes: str, count: str) -> dict[str, object]:
    """In how many of `count` processes so much memory could be held at the same time."""
    children = []
    for _ in range(int(count)):
        read, write = os.pipe()

        def hold(write: int = write) -> None:
            kept = b"x" * (int(mebibytes) << 20)
            os.write(write, kept[:1])
            time.sleep(60)

        children.append(child(hold))
        os.close(write)
        os.read(read, 1)
    time.sleep(0.5)
    return {"held": int(count) - end(children)}


def fill(mebibytes: str) -> dict[str, object]:
    """Writes so much into the tree, then waits to be ended."""
    for number in range(int(mebibytes)):
        Path(f"filled-{number}").write_bytes(os.urandom(1 << 20))
    time.sleep(3)
    return {"written": int(mebibytes)}


def one_file(mebibytes: str) -> dict[str, object]:
    """Writes so much into one file."""
    return {"written": Path("large").write_bytes(os.urandom(int(mebibytes) << 20))}


def networks(host_port: int) -> dict[str, Callable[[], object]]:
    return {
        "the host's loopback": lambda: socket.create_connection(("127.0.0.1", host_port), 1).close(),
        "a route out": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9)),
        "the host's abstract sockets": lambda: socket.socket(socket.AF_UNIX).connect(f"\0pullwright-probe-{host_port}"),
    }


def read(path: str) -> object:
    return list(Path(path).iterdir()) if Path(path).is_dir() else Path(path).read_bytes()


def write(folder: str) -> None:
    path = Path(folder, f".probe-{os.getpid()}")
    path.touch()
    path.unlink()


def unshare() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(NEW_USER_NAMESPACE) == 0 else 1)
    if os.waitpid(pid, 0)[1]:
        raise OSError


def works(attempt: Callable[..., object], *arguments: str) -> bool:
    try:
        attempt(*arguments)
    except OSError:
        return False
    return True


def child(work: Callable[[], None]) -> int:
    """A process that works and then sleeps; where it cannot have the memory, it ends."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(MemoryError):
            work()
            time.sleep(60)
        os._exit(1)
    return pid


def end(children: list[int]) -> int:
    """Ends them all; how many of them had ended before."""
    gone = 0
    for pid in children:
        if os.waitpid(pid, os.WNOHANG)[0]:
            gone += 1
        else:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    return gone


if __name__ == "__main__":
    sys.stdout.write(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
