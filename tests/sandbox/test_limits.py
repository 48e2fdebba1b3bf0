"""Every limit binds, and says so."""

import asyncio
import subprocess

import pytest

from adapters.sandbox import cgroups, disk
from core.boxes import DEPENDENCIES, Limits, Mount

MIB = 2**20

pytestmark = pytest.mark.usefixtures("means")


async def test_a_fork_bomb_stays_small(run):
    line = "bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 0.3; ls -d /proc/[0-9]* | wc -l"
    result = await run(line, limits=Limits(processes=24), timeout_seconds=3)
    last = (result.text.split() or ["0"])[-1]
    # Where the bomb has every process that there may be, not even the count can be begun.
    assert result.timed_out or last == "fork" or int(last) <= 27


async def test_a_refused_process_is_said_where_a_control_group_counts_them(run):
    line = "for n in $(seq 40); do sleep 9 & done 2>&1; exit 3"
    result = await run(line, limits=Limits(processes=24), timeout_seconds=8)
    counted = "It asked for more than 24 processes at once and was refused."
    assert result.why == (counted if cgroups.hierarchy() else None)
    assert "Cannot fork" in result.text


@pytest.mark.parametrize("call", ["memfd_create(b'x', 0)", "shmget(0, 4096, 0o1600)"])
async def test_memory_that_belongs_to_no_process_is_counted_or_refused(run, call):
    code = f"import ctypes; print(ctypes.CDLL(None).{call} >= 0)"
    assert (await run(f'python3 -c "{code}"')).text == f"{cgroups.hierarchy() is not None}\n"


async def test_memory_of_one_process_is_bounded(run):
    result = await run("python3 -c 'print(len(bytes(1) * (300 << 20)))'", limits=Limits(memory_bytes=100 * MIB))
    assert not result.ok
    assert b"314572800" not in result.output


async def test_memory_of_all_processes_together_is_bounded(run):
    hold = 'python3 -c \'import time; kept = b"x" * (60 << 20); time.sleep(3); print("held")\''
    result = await run(
        f"for n in 1 2 3 4; do {hold} & done; wait", limits=Limits(memory_bytes=100 * MIB), timeout_seconds=10
    )
    assert result.text.count("held") < 4


async def test_one_file_is_bounded(run, tree):
    result = await run("head -c 9000000 /dev/zero > large", limits=Limits(file_bytes=4 * MIB))
    assert result.exit_code == 128 + 25
    assert (tree / "large").stat().st_size == 4 * MIB


async def test_a_disk_flood_is_stopped(run):
    line = "n=0; while head -c 1000000 /dev/urandom > f$n; do n=$((n+1)); done"
    result = await run(line, limits=Limits(disk_bytes=20 * MIB), timeout_seconds=20)
    assert (result.exit_code, result.why) == (
        None,
        "Its files took more than 20 MiB of disk and it was stopped.",
    )


async def test_a_disk_flood_is_seen_also_where_somebody_else_frees_as_much(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 5 * MIB)  # the file system loses nothing from now on
    async with asyncio.timeout(disk.WALK_SECONDS / 3):
        assert await disk.full([tmp_path], 4 * MIB) == "Its files took more than 4 MiB of disk and it was stopped."


async def test_a_flood_of_empty_files_is_stopped(run):
    line = "python3 -c 'import itertools\nfor n in itertools.count(): open(str(n), \"w\").close()'"
    result = await run(line, limits=Limits(disk_bytes=20 * MIB), timeout_seconds=20)
    assert result.why == "Its files took more than 20 MiB of disk and it was stopped."


@pytest.mark.slow
async def test_folders_without_end_are_stopped(run, tree):
    line = "head -c 9000000 /dev/urandom > f; while mkdir d && cd d; do :; done; sleep 20"
    result = await run(line, limits=Limits(disk_bytes=64 * MIB), timeout_seconds=20)
    # deeper than Python's own way to remove folders can go
    subprocess.run(["rm", "-rf", tree / "d"], check=True)  # noqa: ASYNC221
    assert result.why == "Folders in the tree are nested deeper than 200."


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
async def test_temporary_folders_have_a_size(run, folder):
    result = await run(f"head -c 9000000 /dev/zero > {folder}/f", limits=Limits(temporary_bytes=4 * MIB))
    assert "No space left on device" in result.text


async def test_long_output_keeps_its_beginning_and_its_end(run):
    result = await run("seq 1 20000", output_limit_bytes=1000)
    assert (result.exit_code, result.truncated) == (0, True)
    assert result.output.startswith(b"1\n2\n3\n")
    assert result.output.endswith(b"19999\n20000\n")
    assert b"\n[107894 bytes left out]\n" in result.output


async def test_endless_output_is_stopped(run):
    result = await run("yes", output_limit_bytes=1000)
    assert result.why == "It wrote 64 MiB without an end and was stopped."
    assert len(result.output) < 1100


async def test_escapes_in_output_stay_as_they_are(run):
    assert (await run(r"printf '\033]0;title\007\377'")).output == b"\x1b]0;title\x07\xff"


async def test_what_a_setup_left_under_the_name_of_the_program_that_sets_the_limits_changes_none(run, tmp_path):
    """The dependencies stand first on the path of a box."""
    own = tmp_path / "deps" / "bin" / "prlimit"
    own.parent.mkdir(parents=True)
    own.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n')
    own.chmod(0o755)
    mounts = [Mount(tmp_path / "deps", DEPENDENCIES)]
    result = await run("command -v prlimit; ulimit -n", mounts=mounts, limits=Limits(open_files=64))
    assert result.text == "/deps/bin/prlimit\n64\n"


async def test_what_the_loader_is_told_counts_for_the_command_alone(run):
    """A library of the tree would run in the program that sets the limits, before it does."""
    told = {"LD_PRELOAD": "/repo/own.so", "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": "/tmp/loaded"}
    result = await run("cat /tmp/loaded.*; echo; echo $LD_PRELOAD; ulimit -n", env=told, limits=Limits(open_files=64))
    assert result.text.endswith("\n/repo/own.so\n64\n")
    assert "prlimit" not in result.text
