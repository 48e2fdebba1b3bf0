"""What a command finds in a box, and what it does not."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from adapters.sandbox import boxes
from adapters.sandbox.launch import launch
from adapters.sandbox.layout import environment, foreign_python, python
from core.boxes import Command, Mount
from core.errors import BoxUnavailable, ConfigurationError

pytestmark = pytest.mark.usefixtures("way")


async def test_a_command_writes_to_the_tree_and_its_exit_code_is_returned(run, tree):
    result = await run("pwd; echo new > made; echo oops >&2; exit 3")
    assert (result.exit_code, result.output, result.why) == (3, b"/repo\noops\n", None)
    assert (tree / "made").read_text() == "new\n"


async def test_files_that_the_host_made_can_be_changed(run, tree):
    (tree / "below").mkdir()
    (tree / "below" / "file").write_text("old")
    assert (await run("echo new > below/file && mv below elsewhere")).ok
    assert (tree / "elsewhere" / "file").read_text() == "new\n"


async def test_the_environment_is_five_variables_and_what_the_command_names(run, monkeypatch):
    monkeypatch.setenv("PULLWRIGHT_WEBHOOK_SECRET", "hush")
    result = await run("env | sort", env={"GREETING": "a b\n$HOME"})
    assert result.text.splitlines() == [
        "$HOME",
        "GREETING=a b",
        "HOME=/tmp/home",
        "LANG=C.UTF-8",
        "PATH=/deps/venv/bin:/deps/bin:/usr/local/bin:/usr/bin:/bin",
        "PWD=/repo",
        "TMPDIR=/tmp",
    ]


async def test_a_nul_in_a_variable_does_not_become_an_option_of_the_box(run):
    result = await run("ls /outside", env={"A": "x\0--ro-bind\0/\0/outside"})
    assert result.exit_code == 126
    assert result.output == b"This command cannot be started: embedded null byte.\n"


async def test_stdin_is_what_the_command_names_and_cannot_be_written_to(run):
    result = await run("cat; echo more >&0", stdin=b"some bytes\0\n")
    assert result.output.startswith(b"some bytes\0\n")
    assert not result.ok


async def test_a_command_runs_in_a_folder_of_the_tree(run, tree):
    (tree / "docs").mkdir()
    assert (await run("pwd", cwd="docs")).output == b"/repo/docs\n"


async def test_a_folder_that_is_not_there_is_the_commands_failure(run):
    result = await run("pwd", cwd="docs")
    assert (result.exit_code, result.text) == (
        1,
        "bwrap: Can't chdir to /repo/docs: No such file or directory\n",
    )


@pytest.mark.parametrize("cwd", ["/etc", "../.."])
async def test_a_folder_outside_the_tree_is_refused(run, cwd):
    with pytest.raises(ConfigurationError, match="relative to the tree"):
        await run("pwd", cwd=cwd)


async def test_a_program_that_is_not_there_ends_with_127(open_box):
    result = await open_box().run(Command(("no-such-program",)))
    assert (result.exit_code, result.text) == (
        127,
        "prlimit: failed to execute no-such-program: No such file or directory\n",
    )


async def test_a_signal_shows_as_128_and_its_number(run):
    assert (await run("kill -TERM $$")).exit_code == 143


async def test_a_symlink_out_of_the_tree_leads_nowhere(run, tree, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hush")
    (tree / "link").symlink_to(secret)
    (tree / "up").symlink_to("../../..")
    result = await run("cat link; cat up/secret; ls up/root up/home")
    assert not result.ok
    assert b"hush" not in result.output


async def test_nothing_but_the_tree_and_temporary_folders_can_be_written(run):
    result = await run(
        "for f in / /etc /usr/bin /dev /run /var /proc /repo /tmp /dev/shm $HOME; do "
        "touch $f/.try 2>/dev/null && echo $f; done"
    )
    assert result.text.split() == ["/repo", "/tmp", "/dev/shm", "/tmp/home"]


async def test_the_tmp_folder_is_fresh_for_each_command(open_box):
    box = open_box()
    await box.run(Command(("touch", "/tmp/left")))
    assert (await box.run(Command(("ls", "/tmp")))).output == b"home\n"


async def test_a_setuid_program_gives_nobody_its_rights(run):
    result = await run("cp /usr/bin/id . && chmod 4755 id && ./id -u && grep NoNewPrivs /proc/self/status")
    assert result.text == "1000\nNoNewPrivs:\t1\n"


async def test_the_hosts_processes_are_invisible(run):
    mine = os.getpid()
    result = await run(f"ls -d /proc/[0-9]* | wc -l; grep -l pytest /proc/[0-9]*/cmdline; kill -0 {mine}")
    assert int(result.text.split()[0]) <= 6
    assert "pytest" not in result.text
    assert not result.ok


async def test_no_descriptor_of_the_host_is_open(run):
    assert (await run("ls /proc/self/fd")).text.split() == ["0", "1", "2", "3"]


async def test_a_mount_is_read_only_unless_it_says_writable(run, tmp_path):
    for name in ("shown", "shared"):
        (tmp_path / name).mkdir()
    mounts = [Mount(tmp_path / "shown", "/deps"), Mount(tmp_path / "shared", "/cache", writable=True)]
    result = await run("touch /cache/made; touch /deps/made", mounts=mounts)
    assert not result.ok
    assert not (tmp_path / "shown" / "made").exists()
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["made"]


async def test_the_operators_mounts_are_shown_in_every_box_beside_its_own(tree, tmp_path):
    for name in ("tools", "layer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "what").write_text(name)
    box = boxes("bubblewrap", [Mount(tmp_path / "tools", "/opt/tools")]).open(
        tree, mounts=[Mount(tmp_path / "layer", "/deps")]
    )
    result = await box.run(Command(("sh", "-c", "cat /opt/tools/what /deps/what; touch /opt/tools/made")))
    assert result.text.startswith("toolslayer")
    assert not result.ok
    assert not (tmp_path / "tools" / "made").exists()


@pytest.mark.parametrize("target", ["/", "/etc", "/usr/lib/x", "/repo/.git", "relative", "/deps/../etc"])
async def test_a_mount_over_a_part_of_the_box_is_refused(open_box, tmp_path, target):
    with pytest.raises(ConfigurationError):
        open_box(mounts=[Mount(tmp_path, target)])


async def test_a_missing_bubblewrap_is_said_in_one_sentence(run, monkeypatch):
    monkeypatch.setattr("adapters.sandbox.bubblewrap.HOST_PATH", "/nowhere")
    with pytest.raises(BoxUnavailable) as caught:
        await run("true")
    assert str(caught.value) == "bubblewrap is not installed: apt-get install -y bubblewrap."


async def test_two_boxes_live_side_by_side_and_do_not_see_each_other(tmp_path):
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(boxes("bubblewrap").open(tmp_path / name))
    line = "echo $0 > name; sleep 0.2; cat name; ls -d /proc/[0-9]* | wc -l"
    async with asyncio.TaskGroup() as both:
        running = [both.create_task(box.run(Command(("sh", "-c", line, str(n))))) for n, box in enumerate(made)]
    texts = [task.result().text.split() for task in running]
    assert [text[0] for text in texts] == ["0", "1"]
    assert all(int(text[1]) <= 6 for text in texts)


def test_a_tree_below_every_stage_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("adapters.sandbox.launch.STAGES", (str(tmp_path),))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(BoxUnavailable, match="No folder is left"):
        launch(tmp_path / "tree", (), ())


def test_an_unknown_backend_is_a_mistake_of_the_operator():
    with pytest.raises(ConfigurationError) as caught:
        boxes("chroot")
    assert str(caught.value) == "There is no sandbox called 'chroot': bubblewrap, or none."


def test_the_python_of_the_host_is_shown_where_the_system_has_none(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda path: str(path) != "/usr/bin/python3")
    monkeypatch.setattr(sys, "base_prefix", "/opt/python")
    assert foreign_python() == Mount(Path("/opt/python"), "/opt/python")
    assert environment({})["PATH"].endswith(":/opt/python/bin")
    assert python() == "/opt/python/bin/python3"
