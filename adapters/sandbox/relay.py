"""Runs inside the box, around the command: carries connections from its loopback to the gateway's socket.

Programs know proxies by address, the gateway listens on a Unix socket, and the box has no other network. This
file stands alone: it imports nothing of ours, and any Python 3.9 will do. It ends with the command, and with
its exit code.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading

ADDRESS = ("127.0.0.1", 3128)
GATEWAY = "/run/pullwright/gateway.sock"
CHUNK = 1 << 16


def main(argv: list[str]) -> int:
    server = socket.create_server(ADDRESS, backlog=128)
    threading.Thread(target=accept, args=(server,), daemon=True).start()
    try:
        pid = os.posix_spawnp(argv[0], argv, os.environ)
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return 127
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def accept(server: socket.socket) -> None:
    while True:
        inside, _ = server.accept()
        threading.Thread(target=carry, args=(inside,), daemon=True).start()


def carry(inside: socket.socket) -> None:
    outside = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with inside, outside:
        try:
            outside.connect(GATEWAY)
        except OSError:
            return
        up = threading.Thread(target=pump, args=(inside, outside), daemon=True)
        up.start()
        pump(outside, inside)
        up.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
