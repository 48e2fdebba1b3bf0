"""A PostgreSQL cluster for one measurement, as it comes from `initdb`: durable, on a socket, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_OWNER = "nobody"
"""Where we are root: PostgreSQL refuses to run as root."""


def programs() -> Path | None:
    """The folder of the newest installed server's programs, or None."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    every = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return every[-1].parent if every else None


@contextmanager
def throwaway_cluster() -> Iterator[str]:
    """The URL of an empty database. Nobody but this user and root can reach its socket."""
    found = programs()
    assert found is not None, "ask programs() first"
    with tempfile.TemporaryDirectory(prefix="pullwright-pg-") as folder:
        identity: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}}
        owner = pwd.getpwuid(os.geteuid())
        if owner.pw_uid == 0:
            owner = pwd.getpwnam(_OWNER)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            identity |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        cluster = f"{folder}/cluster"
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        log = f"--log={folder}/log"
        _run(found / "initdb", "--auth=trust", "--username=bench", "--encoding=UTF8", cluster, **identity)
        _run(found / "pg_ctl", "start", "--wait", log, f"--pgdata={cluster}", f"--options={options}", **identity)
        try:
            yield f"postgresql://bench@/postgres?host={folder}"
        finally:
            _run(found / "pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={cluster}", **identity)


def _run(program: Path, *arguments: str, **identity: Any) -> None:
    """Output goes to a file: the server inherits it, so a pipe would never end."""
    with tempfile.TemporaryFile() as said:
        command = [str(program), *arguments]
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **identity)
        if done.returncode != 0:
            said.seek(0)
            raise SystemExit(f"{program.name} failed: {said.read().decode('utf-8', 'replace').strip()}")
