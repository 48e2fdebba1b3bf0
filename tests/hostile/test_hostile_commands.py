"""Whatever a command does, it does to its own box: it reaches nothing, uses nothing up, and leaves nothing behind."""

import asyncio
import re
import time
from pathlib import Path

import pytest
from hostile_commands import PROBES, Probe
from hostile_floods import ASKED, FLOODS, POISONS, Asked, Flood, Poison
from hostile_host import Host

from adapters.sandbox import boxes
from adapters.sandbox.gateway import ConnectGateway, GatewayLimits
from core.boxes import DEPENDENCIES, Command, CommandResult, Mount
from policies.reports import Verdict, judged

ASK = """
asking = socket.create_connection(("127.0.0.1", 3128), 10)
with trying():
    asking.sendall({request!r}.replace("\\n", "\\r\\n").encode("latin-1") + b"\\r\\n\\r\\n")
    asking.shutdown(socket.SHUT_WR)
answer = b""
with trying():
    while chunk := asking.recv(65536):
        answer += chunk
print(answer.decode("latin-1"))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree below folders that only their owner may enter."""
    folder = tmp_path / "private" / "tree"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
async def test_nothing_outside_of_the_box_is_reached(tree: Path, host: Host, probe: Probe) -> None:
    result = await boxes("bubblewrap").open(tree).run(host.command(probe.script))
    assert "REACHED" not in result.text
    assert result.exit_code == 0, result.text
    assert not host.touched


@pytest.mark.parametrize("probe", [probe for probe in PROBES if probe.open_without], ids=lambda probe: probe.name)
async def test_without_a_box_the_same_probe_reaches_what_it_tries(tree: Path, host: Host, probe: Probe) -> None:
    result = await boxes("none").open(tree).run(host.command(probe.script))
    assert "REACHED" in result.text, result.text


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.name)
async def test_a_flood_ends_in_time_with_a_reason_and_is_no_verdict_about_the_code(
    tree: Path, host: Host, flood: Flood
) -> None:
    began = time.monotonic()
    box = boxes("bubblewrap").open(tree, limits=flood.limits)
    result = await box.run(host.command(flood.script, timeout_seconds=flood.seconds))
    assert time.monotonic() - began < flood.seconds + 10
    assert re.search(flood.ended, said(result)), said(result)
    assert "REACHED" not in result.text
    assert judged(result.exit_code, result.text, timed_out=result.timed_out).verdict is not Verdict.green
    assert host.left_behind() == []


COUNTED = [flood for flood in FLOODS if flood.name.startswith(("memory", "fork bomb"))]


@pytest.mark.parametrize("flood", COUNTED, ids=lambda flood: flood.name)
async def test_what_a_control_group_counts_has_a_limit_without_one(
    tree: Path, host: Host, monkeypatch: pytest.MonkeyPatch, flood: Flood
) -> None:
    monkeypatch.setattr("adapters.sandbox.cgroups.hierarchy", lambda: None)
    await test_a_flood_ends_in_time_with_a_reason_and_is_no_verdict_about_the_code(tree, host, flood)


def said(result: CommandResult) -> str:
    """Why it ended, in words: a limit's, a signal's, or what it was told."""
    ended = f"signal {result.exit_code - 128}" if result.exit_code and result.exit_code > 128 else ""
    return f"{result.why or ''}\n{ended}\n{result.text}"


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison.name)
async def test_a_command_leaves_nothing_for_the_one_after_it(tmp_path: Path, host: Host, poison: Poison) -> None:
    for number, script in enumerate((poison.first, poison.then)):
        result = await in_a_fresh_tree(tmp_path, f"tree{number}", host, script, writable=False)
        assert result.exit_code == 0, result.text
    assert "REACHED" not in result.text


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison.name)
async def test_what_a_command_leaves_would_be_seen_if_nothing_were_fresh(
    tmp_path: Path, host: Host, poison: Poison
) -> None:
    result = await in_a_fresh_tree(tmp_path, "tree", host, poison.first + poison.then, writable=True)
    assert "REACHED" in result.text, result.text


async def in_a_fresh_tree(folder: Path, name: str, host: Host, script: str, *, writable: bool) -> CommandResult:
    """The script over a new tree with a repository, and over the same dependencies and objects as before."""
    tree, deps, objects = folder / name, folder / "deps", folder / "objects"
    for path in (tree / ".git/objects/info", tree / ".git/refs", deps / "bin", objects / "pack", objects / "info"):
        path.mkdir(parents=True, exist_ok=True)
    (tree / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tree / ".git/objects/info/alternates").write_text("/mirror/objects\n")
    mounts = [Mount(deps, DEPENDENCIES, writable), Mount(objects, "/mirror/objects", writable)]
    box = boxes("bubblewrap").open(tree, mounts=mounts)
    return await box.run(host.command(script))


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.name)
async def test_the_gateway_refuses_everything_but_what_it_is_for(
    tree: Path, tmp_path: Path, host: Host, asked: Asked
) -> None:
    async with ConnectGateway(tmp_path / "gateway.sock") as gateway:
        box = boxes("bubblewrap").open(tree, network=gateway)
        result = await box.run(host.command(ASK.format(request=asked.request)))
    assert f"HTTP/1.1 403 {asked.answer}" in result.text
    assert [(passage.allowed, passage.why) for passage in gateway.passages] == [(False, asked.answer)]


async def test_a_gateway_that_is_asked_without_an_end_answers_no_more_and_serves_the_next_box(
    tree: Path, tmp_path: Path, host: Host
) -> None:
    script = "for _ in range(60):\n    with trying():\n" + "\n".join(
        "        " + row for row in ASK.format(request="GET / HTTP/1.1").splitlines()
    )
    limits = GatewayLimits(connections=8, passages=20)
    async with ConnectGateway(tmp_path / "one.sock", limits=limits) as gateway:
        result = await boxes("bubblewrap").open(tree, network=gateway).run(host.command(script))
        assert result.ok, result.text
        assert len(gateway.passages) == 20
    async with ConnectGateway(tmp_path / "two.sock", limits=limits) as gateway:
        result = await boxes("bubblewrap").open(tree, network=gateway).run(host.command(ASK.format(request="GET /")))
        assert "403" in result.text


MEETING = """
for name in os.listdir('/proc'):
    if name.isdigit() and int(name) != os.getpid():
        with trying():
            if 'sleep 20; : ' in Path('/proc', name, 'cmdline').read_text().replace(sys.orig_argv[2], ''):
                reached(name)
with trying():
    os.kill(-1, 9)
"""


async def test_a_command_of_one_box_does_not_see_another_at_work(tmp_path: Path, host: Host) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    resting = Command(("sh", "-c", f"touch here; sleep 20; : {host.mark}"))
    box = boxes("bubblewrap").open(tmp_path / "one")
    other = asyncio.create_task(box.run(resting))
    while not (tmp_path / "one/here").exists():  # noqa: ASYNC110  # another process makes it
        await asyncio.sleep(0.01)
    result = await boxes("bubblewrap").open(tmp_path / "two").run(host.command(MEETING))
    assert "REACHED" not in result.text
    assert not other.done()
    await box.kill()
    assert (await other).why == "The box was killed."
