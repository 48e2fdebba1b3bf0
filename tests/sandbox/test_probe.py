"""The probe tells a box that holds from one that does not."""

import json

import pytest

from adapters.sandbox import boxes

NAMES = [
    "network",
    "environment",
    "host files",
    "system",
    "tree",
    "processes",
    "privileges",
    "system calls",
    "process limit",
    "memory limit",
    "memory of all",
    "file limit",
    "disk limit",
    "output limit",
    "time limit",
]


async def test_bubblewrap_holds_in_everything_that_is_tried():
    report = await boxes("bubblewrap").probe()
    assert [line for line in report.lines if not line.ok] == []
    assert [line.name for line in report.lines] == NAMES
    assert report.ok


async def test_it_holds_without_control_groups_too(monkeypatch):
    monkeypatch.setattr("adapters.sandbox.cgroups.hierarchy", lambda: None)
    report = await boxes("bubblewrap").probe()
    assert [line for line in report.lines if not line.ok] == []


async def test_the_quick_probe_leaves_out_the_limits():
    report = await boxes("bubblewrap").probe(quick=True)
    assert [line.name for line in report.lines] == NAMES[:8]
    assert report.ok


async def test_without_a_box_every_escape_is_seen():
    report = await boxes("none").probe()
    kept = {line.name for line in report.lines if line.ok}
    assert not report.ok
    assert kept <= {"environment", "tree", "output limit", "system", "privileges", "system calls"}
    assert {line.name: line.why for line in report.lines}["network"] == (
        "Reached the host's loopback, a route out, the host's abstract sockets."
    )


async def test_a_missing_bubblewrap_is_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr("adapters.sandbox.bubblewrap.HOST_PATH", "/nowhere")
    report = await boxes("bubblewrap").probe(quick=True)
    assert [(line.name, line.ok, line.why) for line in report.lines] == [
        ("start", False, "bubblewrap is not installed: apt-get install -y bubblewrap.")
    ]


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        ("mount(b'none', b'/tmp', b'tmpfs', 0, None)", "EPERM"),
        ("unshare(0x10000000)", "EPERM"),
        ("unshare(0x80)", "EPERM"),
        ("ptrace(0, 0, 0, 0)", "EPERM"),
        ("personality(0x0040000)", "EPERM"),
        ("socket(40, 1, 0)", "EAFNOSUPPORT"),
        ("socket(16, 3, 15)", "EAFNOSUPPORT"),
        ("socket(17, 3, 0)", "EAFNOSUPPORT"),
        ("ioctl(0, 0x5412, b'x')", "EPERM"),
        ("syscall(435, 0, 0)", "ENOSYS"),
        ("syscall(425, 8, 0)", "EPERM"),
    ],
)
async def test_a_dangerous_system_call_is_refused(run, attempt, why):
    code = (
        f"import ctypes, errno; c = ctypes.CDLL(None, use_errno=True); r = c.{attempt}; "
        "print(r, errno.errorcode.get(ctypes.get_errno()))"
    )
    result = await run('python3 -c "$CODE"', env={"CODE": code})
    assert result.text == f"-1 {why}\n"


async def test_threads_subprocesses_and_ordinary_sockets_work(run):
    code = (
        "import json, socket, subprocess, threading, multiprocessing as m\n"
        "t = threading.Thread(target=print); t.start(); t.join()\n"
        "s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname())\n"
        "u = socket.socketpair(); n = socket.if_nameindex()\n"
        "p = m.get_context('spawn').Value('i', 3)\n"
        "print(json.dumps([subprocess.check_output(['echo', 'hi'], text=True), [x for _, x in n], p.value]))"
    )
    result = await run('python3 -c "$CODE"', env={"CODE": code})
    assert json.loads(result.text) == ["hi\n", ["lo"], 3]
