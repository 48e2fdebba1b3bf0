# ruff: noqa: ASYNC110, ASYNC220, PTH208  # what is waited for happens in other processes
"""However a command ends, nothing of it is left."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import pytest

from adapters.sandbox import boxes
from core.boxes import Command
from core.errors import BoxUnavailable


def alive(mark):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def own_children():
    """The processes right below this one, zombies too; servers of other tests may be among them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            found |= {path.parent.name} if int(fields[1]) == os.getpid() else set()
    return found


@pytest.fixture
def mark():
    return uuid.uuid4().hex


@pytest.fixture
def lingering(mark):
    """A command that leaves its session, ignores signals and never ends."""
    return f"trap '' TERM HUP INT; (setsid sh -c 'touch started; sleep 60; : {mark}' &) ; sleep 60; : {mark}"


async def started(tree):
    while not (tree / "started").exists():
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("way")
async def test_when_the_time_is_over_everything_is_killed(run, lingering, mark):
    result = await run(lingering, timeout_seconds=0.3)
    assert (result.exit_code, result.timed_out) == (None, True)
    assert result.why == "It took longer than 0.3 seconds and was stopped."
    assert alive(mark) == []


@pytest.mark.usefixtures("way")
async def test_what_runs_in_the_background_ends_with_the_command(run, mark):
    result = await run(f"(setsid sh -c 'sleep 60; : {mark}' &); echo done")
    assert (result.exit_code, result.output) == (0, b"done\n")
    assert alive(mark) == []


@pytest.mark.usefixtures("way")
async def test_a_cancelled_task_kills_its_box_first(run, tree, lingering, mark):
    task = asyncio.create_task(run(lingering))
    await started(tree)
    assert alive(mark) != []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(mark) == []


@pytest.mark.usefixtures("way")
async def test_a_box_cancelled_at_any_moment_of_its_start_leaves_nothing(run, mark):
    for step in range(25):
        task = asyncio.create_task(run(f"sleep 60; : {mark}"))
        await asyncio.sleep(step * 0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert alive(mark) == []


@pytest.mark.usefixtures("way")
async def test_a_killed_box_ends_its_commands_and_runs_no_more(open_box, tree, lingering, mark):
    box = open_box()
    task = asyncio.create_task(box.run(Command(("sh", "-c", lingering))))
    await started(tree)
    await box.kill()
    await box.kill()
    assert alive(mark) == []
    assert (await task).why == "The box was killed."
    with pytest.raises(BoxUnavailable):
        await box.run(Command(("true",)))


@pytest.mark.parametrize("backend", ["bubblewrap"])
async def test_a_worker_killed_by_sigkill_takes_its_boxes_with_it(tree, lingering, mark, backend):
    worker = textwrap.dedent("""
        import asyncio, pathlib, sys
        from adapters.sandbox import boxes
        from core.boxes import Command
        backend, tree, line = sys.argv[1:]
        asyncio.run(boxes(backend).open(pathlib.Path(tree)).run(Command(("sh", "-c", line))))
    """)
    process = subprocess.Popen([sys.executable, "-c", worker, backend, str(tree), lingering])
    await started(tree)
    process.kill()
    process.wait()
    async with asyncio.timeout(5):
        while alive(mark):
            await asyncio.sleep(0.01)


async def test_no_descriptor_and_no_child_is_left_behind(run):
    await run("true")
    before, children = len(os.listdir("/proc/self/fd")), own_children()
    for line in ("true", "exit 1", "yes"):
        await run(line, timeout_seconds=0.2, output_limit_bytes=100)
    assert len(os.listdir("/proc/self/fd")) == before
    assert own_children() == children


async def test_without_a_box_a_process_that_leaves_its_session_lives_on(tree, lingering, mark):
    result = await boxes("none").open(tree).run(Command(("sh", "-c", lingering), timeout_seconds=0.3))
    left = alive(mark)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert result.timed_out
    assert len(left) == 1
