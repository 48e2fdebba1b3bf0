"""A tree is given to the user that the box runs as.

Without following a symlink, and only where the owner differs. A regular file with a second name that the
box's user does not own already is refused: its other name may lie outside the tree, in a mirror or another
run's clone, and whoever owns the inode may write to it under both. A box cannot make such a file, since a
link never crosses its mounts and `protected_hardlinks` forbids links to what one may not write; so one that
is found was put there by the host, by mistake.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from adapters.sandbox.walk import walk
from core.errors import TreeRefused

BOX_UID = 61817  # no distribution hands it out: above adduser's range, below systemd's dynamic users


def give(tree: Path, uid: int = BOX_UID, gid: int = BOX_UID) -> int:
    """How many entries changed hands. Call it as root, while no box lives in the tree."""
    changed = 0
    for entry in walk(tree):
        if not _differs(entry.status, uid, gid):
            continue
        mode = entry.status.st_mode
        if stat.S_ISREG(mode) and entry.status.st_nlink > 1:
            raise TreeRefused(f"{entry.path} has a second name elsewhere and cannot be given to the box.")
        if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
            raise TreeRefused(f"{entry.path} is a device and cannot be given to the box.")
        os.chown(entry.name, uid, gid, dir_fd=entry.folder, follow_symlinks=False)
        changed += 1
    if _differs(tree.lstat(), uid, gid):
        os.chown(tree, uid, gid, follow_symlinks=False)
        changed += 1
    return changed


def _differs(status: os.stat_result, uid: int, gid: int) -> bool:
    return status.st_uid != uid or status.st_gid != gid
