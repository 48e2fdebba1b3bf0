"""The system calls a box is refused: one small BPF program, for the machine it is compiled on.

`seccomp_filter()` is what `bwrap --seccomp` reads. Everything not named here is allowed: the namespaces keep
the box in, and this takes away the parts of the kernel that have been the way out of such namespaces before.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

REFUSED = {
    # mounting
    "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount",
    "fspick",
    "mount_setattr", "open_tree_attr", "setns",
    # other processes' memory and the kernel's own
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    "userfaultfd", "perf_event_open",
    "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register", "lookup_dcookie", "fanotify_init",
    "open_by_handle_at",
    # keys are not in a namespace of their own
    "keyctl", "add_key", "request_key",
    # the machine
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "swapon", "swapoff",
    "reboot", "acct",
    "settimeofday", "clock_settime", "clock_adjtime", "quotactl", "quotactl_fd", "nfsservctl", "syslog",
    "vhangup",
    "sethostname", "setdomainname", "modify_ldt", "uselib", "iopl", "ioperm",
}  # fmt: skip

UNCOUNTED = {"memfd_create", "memfd_secret", "shmget"}
"""Memory that belongs to no process, and stays when every process has let go of it: only a control group counts it."""

NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* but CLONE_NEWTIME
NEW_TIME_NAMESPACE = 0x80  # in clone() this bit belongs to the signal number
FAMILIES = {"unix": 1, "inet": 2, "inet6": 10}
NETLINK, NETLINK_ROUTE = 16, 0  # getifaddrs() needs it; other netlink protocols are kernel surface
PERSONALITIES = {0, 0xFFFFFFFF}  # the plain one, and the question which one it is
TERMINAL_INJECTION = {0x5412, 0x541C}  # TIOCSTI, TIOCLINUX


@dataclass(frozen=True, slots=True)
class Machine:
    audit_arch: int
    calls: dict[str, int]
    x32: bool = False


_COMMON = {
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "clone3": 435,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443,
    "open_tree_attr": 467,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "memfd_secret": 447,
}  # fmt: skip

MACHINES = {
    "x86_64": Machine(
        audit_arch=0xC000003E,
        x32=True,
        calls={
            **_COMMON,
            "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "setns": 308, "unshare": 272,
            "clone": 56,
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "userfaultfd": 323,
            "perf_event_open": 298, "bpf": 321, "lookup_dcookie": 212, "fanotify_init": 300,
            "open_by_handle_at": 304,
            "keyctl": 250, "add_key": 248, "request_key": 249, "kexec_load": 246, "kexec_file_load": 320,
            "init_module": 175,
            "finit_module": 313, "delete_module": 176, "swapon": 167, "swapoff": 168, "reboot": 169,
            "acct": 163,
            "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305, "quotactl": 179,
            "nfsservctl": 180, "syslog": 103,
            "vhangup": 153, "sethostname": 170, "setdomainname": 171, "modify_ldt": 154, "uselib": 134,
            "iopl": 172,
            "ioperm": 173, "personality": 135, "ioctl": 16, "socket": 41,
            "memfd_create": 319, "shmget": 29,
        },
    ),
    "aarch64": Machine(
        audit_arch=0xC00000B7,
        calls={
            **_COMMON,
            "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "setns": 268, "unshare": 97,
            "clone": 220,
            "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "userfaultfd": 282,
            "perf_event_open": 241, "bpf": 280, "lookup_dcookie": 18, "fanotify_init": 262,
            "open_by_handle_at": 265,
            "keyctl": 219, "add_key": 217, "request_key": 218, "kexec_load": 104, "kexec_file_load": 294,
            "init_module": 105,
            "finit_module": 273, "delete_module": 106, "swapon": 224, "swapoff": 225, "reboot": 142,
            "acct": 89,
            "settimeofday": 170, "clock_settime": 112, "clock_adjtime": 266, "quotactl": 60,
            "nfsservctl": 42, "syslog": 116,
            "vhangup": 58, "sethostname": 161, "setdomainname": 162, "personality": 92, "ioctl": 29,
            "socket": 198, "memfd_create": 279, "shmget": 194,
        },
    ),
}  # fmt: skip

# linux/bpf_common.h, linux/seccomp.h
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32_BIT = 0x40000000
# struct seccomp_data: nr, arch, instruction pointer, six arguments of 64 bits; both machines are little endian
_NR, _ARCH = 0, 4


def seccomp_filter(machine: str | None = None, *, memory_counted: bool = True) -> bytes:
    """The program for this machine; raises LookupError on one that we have no numbers for.

    `memory_counted`: a control group counts all memory of the box; without one, what it could not see is refused.
    """
    known = MACHINES[machine or platform.machine()]
    calls = known.calls
    program = [_load(_ARCH), _jump(_EQUAL, known.audit_arch, 1, 0), _answer(_KILL), _load(_NR)]
    if known.x32:
        program += [_jump(_AT_LEAST, _X32_BIT, 0, 1), _answer(_KILL)]
    refused = REFUSED if memory_counted else REFUSED | UNCOUNTED
    for name in sorted(refused & calls.keys()):
        program += _when(calls[name], [_answer(_ERRNO | errno.EPERM)])
    # glibc falls back to clone(), whose flags can be read here; those of clone3 lie behind a pointer.
    program += _when(calls["clone3"], [_answer(_ERRNO | errno.ENOSYS)])
    program += _when(calls["clone"], _refuse_bits(NEW_NAMESPACES))
    program += _when(calls["unshare"], _refuse_bits(NEW_NAMESPACES | NEW_TIME_NAMESPACE))
    program += _when(calls["personality"], _only(0, PERSONALITIES, errno.EPERM))
    program += _when(calls["ioctl"], _never(1, TERMINAL_INJECTION, errno.EPERM))
    program += _when(calls["socket"], _sockets())
    program.append(_answer(_ALLOW))
    return b"".join(program)


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, offset)


def _load_argument(index: int) -> bytes:
    """The low half: each argument looked at here is an `int` for the kernel, which ignores the rest."""
    return _load(16 + 8 * index)


def _jump(code: int, value: int, yes: int, no: int) -> bytes:
    return _instruction(code, value, yes, no)


def _answer(action: int) -> bytes:
    return _instruction(_RETURN, action)


def _when(call: int, block: list[bytes]) -> list[bytes]:
    """`block` for this call. It ends with an answer: what comes after it still has the number loaded."""
    return [_jump(_EQUAL, call, 0, len(block)), *block]


def _refuse_bits(mask: int) -> list[bytes]:
    return [_load_argument(0), _jump(_ANY_BIT, mask, 0, 1), _answer(_ERRNO | errno.EPERM), _answer(_ALLOW)]


def _only(argument: int, values: set[int], error: int) -> list[bytes]:
    tests = [_jump(_EQUAL, value, len(values) - i, 0) for i, value in enumerate(sorted(values))]
    return [_load_argument(argument), *tests, _answer(_ERRNO | error), _answer(_ALLOW)]


def _never(argument: int, values: set[int], error: int) -> list[bytes]:
    tests = [_jump(_EQUAL, value, len(values) - i, 0) for i, value in enumerate(sorted(values))]
    return [_load_argument(argument), *tests, _answer(_ALLOW), _answer(_ERRNO | error)]


def _sockets() -> list[bytes]:
    families = sorted(FAMILIES.values())
    tests = [_jump(_EQUAL, family, 3 + len(families) - i, 0) for i, family in enumerate(families)]
    return [
        _load_argument(0),
        *tests,
        _jump(_EQUAL, NETLINK, 0, 2),
        _load_argument(2),
        _jump(_EQUAL, NETLINK_ROUTE, 1, 0),
        _answer(_ERRNO | errno.EAFNOSUPPORT),
        _answer(_ALLOW),
    ]
