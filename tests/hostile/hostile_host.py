"""The host as an enemy would like to meet it: what could be read, run, signalled or connected to, and whether it was.

Everything here is reachable by whoever runs the tests, so that a case that does not reach it was stopped by the box.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.boxes import Command

CANARY = "the-host-keeps-this-to-itself"

PRELUDE = """
import contextlib, ctypes, errno, fcntl, json, os, signal, socket, struct, subprocess, sys, time
from pathlib import Path
HOST = json.loads({targets!r})
HOST["canary"] = HOST["canary"][::-1]  # so that the script itself is no proof that it was read
libc = ctypes.CDLL(None, use_errno=True)
def reached(what):
    print("REACHED", what, flush=True)
@contextlib.contextmanager
def trying():
    try:
        yield
    except (OSError, EOFError, subprocess.SubprocessError) as error:
        print("stopped:", error, flush=True)
def git(*arguments):
    subprocess.run(["git", *arguments], check=True, capture_output=True)
"""
"""What every script of the corpus begins with: the targets by name, and a way to say that one was reached."""


@dataclass
class Host:
    folder: Path
    environ_pid: int
    """A process whose environment holds the canary."""
    ports: dict[str, int]
    instead: dict[str, Any] = field(default_factory=dict)
    """Targets of a story's own service, in the place of these."""
    mark: str = field(default_factory=lambda: f"left-{uuid.uuid4().hex}")
    """Stands in the command line of whatever a script leaves behind."""

    @property
    def secret(self) -> Path:
        """A file that only its owner may read, as a key file is."""
        return self.folder / "secret.pem"

    @property
    def program(self) -> Path:
        """Leaves a trace in `ran` when it is run, and passes its input on, as a filter does."""
        return self.folder / "program"

    @property
    def outside(self) -> Path:
        """A folder beside the tree, with one file in it."""
        return self.folder / "outside"

    @property
    def ran(self) -> bool:
        return (self.folder / "ran").exists()

    @property
    def touched(self) -> bool:
        """Whether the folder beside the tree is another than it was."""
        return [path.name for path in self.outside.iterdir()] != ["slugs.py"] or CANARY not in (
            self.outside / "slugs.py"
        ).read_text()

    def targets(self) -> dict[str, Any]:
        return {
            "secret": str(self.secret),
            "program": str(self.program),
            "outside": str(self.outside),
            "folder": str(self.folder),
            "unix": str(self.folder / "redis.sock"),
            "abstract": f"\0{self.folder}",
            "database": str(self.folder / "pullwright.db"),
            "mirror": str(self.folder / "mirrors"),
            "pid": self.environ_pid,
            "mark": self.mark,
            "canary": CANARY[::-1],
            **self.ports,
            **self.instead,
        }

    def script(self, text: str) -> str:
        """A case's script with what it needs before it."""
        return PRELUDE.format(targets=json.dumps(self.targets())) + text

    def command(self, text: str, **options: Any) -> Command:
        """It as a command for a box."""
        return Command(("python3", "-c", self.script(text)), **{"timeout_seconds": 30, **options})

    def left_behind(self) -> list[int]:
        """The processes that live and bear the mark."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


@contextmanager
def open_host(folder: Path) -> Iterator[Host]:
    """A host below `folder`; at the end its process and its sockets are gone, and so is what a script left."""
    folder.mkdir(parents=True)
    with ExitStack() as opened:
        victim = subprocess.Popen(
            [sys.executable, "-S", "-c", "import time; time.sleep(600)"],
            env={"PULLWRIGHT_WEBHOOK_SECRET": CANARY},
            start_new_session=True,
        )
        opened.callback(victim.wait)
        opened.callback(victim.kill)
        tcp = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        for address in (f"\0{folder}", str(folder / "redis.sock")):
            listening = opened.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(address)
            listening.listen()
        host = Host(folder, victim.pid, {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1]})
        host.secret.write_text(CANARY)
        host.secret.chmod(0o600)
        host.program.write_text(f"#!/bin/sh\necho \"$0\" >> '{folder}/ran'\ncat\n")
        host.program.chmod(0o755)
        (folder / "pullwright.db").write_text(CANARY)
        (folder / "mirrors").mkdir()
        host.outside.mkdir()
        (host.outside / "slugs.py").write_text(f"SECRET = '{CANARY}'\n")
        yield host
        for pid in host.left_behind():
            os.kill(pid, signal.SIGKILL)
