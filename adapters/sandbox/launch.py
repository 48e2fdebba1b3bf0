"""From root, or from an ordinary user, to bubblewrap: the arguments of the one process that we start for a command.

As root the box runs as a user of its own, since limits on processes bind nobody who is root. That user cannot
walk through the 0700 folders above a tree, so root binds the tree and every mount below one folder that all
may enter, in a mount namespace that nobody else sees and that ends with the command. Every link of the chain
replaces the one before (exec), so there is one process, it dies with the thread that started it, and its exit
code is the command's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.sandbox.ownership import BOX_UID
from core.boxes import Mount
from core.errors import BoxUnavailable

# Folders of every Linux that a tmpfs may lie over. /tmp is not among them: bubblewrap builds the box there.
STAGES = ("/mnt", "/media", "/srv", "/opt", "/home", "/var/lib")

# Arguments: our pid, how many control groups and mounts follow, the stage, the groups, the mounts, the rest.
# Where we died before the first link could ask for its signal, the parent is another process by now.
_JOIN = """
[ "$PPID" = "$1" ] || exit 125
groups=$2 mounts=$3 stage=$4
shift 4
while [ "$groups" -gt 0 ]; do echo $$ > "$1/cgroup.procs"; shift; groups=$((groups - 1)); done
"""
_STAGE = """
mount -n -t tmpfs -o size=64k,mode=0755,nosuid,nodev,noexec box "$stage"
while [ "$mounts" -gt 0 ]; do
  mounts=$((mounts - 1))
  if [ -d "$1" ]; then mkdir "$stage/$mounts"; else : > "$stage/$mounts"; fi
  mount -n --bind "$1" "$stage/$mounts"
  shift
done
"""
_GO = 'exec "$@"\n'


@dataclass(frozen=True, slots=True)
class Launch:
    """`before` goes in front of `bwrap`; `tree` and `mounts` name the sources as bubblewrap can reach them."""

    before: tuple[str, ...]
    tree: Path
    mounts: tuple[Mount, ...]


def launch(tree: Path, mounts: Sequence[Mount], groups: Sequence[Path]) -> Launch:
    """How to start bubblewrap for this tree. Paths are absolute and resolved; `groups` are joined first."""
    if os.geteuid() != 0:
        return Launch(_chain(_JOIN + _GO, groups), tree, tuple(mounts))
    sources = [tree, *(mount.source for mount in mounts)]
    stage = _stage_apart_from(sources)
    staged = [Path(stage, str(len(sources) - 1 - n)) for n in range(len(sources))]
    drop = (
        *("setpriv", "--reuid", str(BOX_UID), "--regid", str(BOX_UID), "--clear-groups"),
        *("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--pdeathsig", "KILL", "--"),
    )
    return Launch(
        (
            *_chain(
                _JOIN + _STAGE + _GO, groups, stage, sources, ("unshare", "--mount", "--propagation", "private", "--")
            ),
            *drop,
        ),
        staged[0],
        tuple(replace(mount, source=source) for mount, source in zip(mounts, staged[1:], strict=True)),
    )


def _chain(
    script: str,
    groups: Sequence[Path],
    stage: str = "",
    sources: Sequence[Path] = (),
    around: tuple[str, ...] = (),
) -> tuple[str, ...]:
    counts = (str(os.getpid()), str(len(groups)), str(len(sources)), stage)
    return (
        *("setpriv", "--pdeathsig", "KILL", "--", *around, "sh", "-euc", script, "box"),
        *(*counts, *map(str, groups), *map(str, sources)),
    )


def _stage_apart_from(sources: Sequence[Path]) -> str:
    """The first folder that hides none of the sources."""
    for stage in STAGES:
        if Path(stage).is_dir() and not any(source.is_relative_to(stage) for source in sources):
            return stage
    raise BoxUnavailable("No folder is left to show the tree to the box's user: tried " + ", ".join(STAGES) + ".")
