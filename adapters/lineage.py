"""Who lives only as long as its parent: said to the kernel, so that it also holds where nobody can clean up."""

import ctypes
import os
import signal
from collections.abc import Mapping

PARENT = "_PULLWRIGHT_PARENT"
"""Names, in the environment of a child, the process that started it and that it must not outlive."""
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process (SIGKILL) when `parent_pid` ends; survives exec, and is not inherited.

    The kernel watches the thread that started us: the parent must start its children from its main thread. A parent
    that ended before the call would never be noticed, so that is looked for afterwards.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def follow_parent(environ: Mapping[str, str]) -> None:
    """Die with the parent that `environ` names, if it is ours; a grandchild that inherited the name is left alone."""
    named = environ.get(PARENT)
    if named == str(os.getppid()):
        die_with_parent(int(named))
