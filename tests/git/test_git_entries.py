"""What a change adds to a tree, as GitHub is told of it."""

import pytest

from adapters.git.workspaces import GitWorkspace
from core.errors import ChangeRefused
from core.github import TreeEntry
from core.names import Sha
from jobs import entries as told


async def test_files_programs_links_and_deletions_are_told_with_their_whole_content(
    workspace: GitWorkspace, base: Sha
) -> None:
    (listed, *others) = [file.path for file in await workspace.list_files(base)]
    (workspace.tree / listed).unlink()
    (workspace.tree / "new.bin").write_bytes(b"\0\xff")
    (workspace.tree / "run.sh").write_text("true\n")
    (workspace.tree / "run.sh").chmod(0o755)
    (workspace.tree / "a link").symlink_to("run.sh")
    tree = await workspace.snapshot()
    assert others
    assert list(await told.entries(workspace, base, tree)) == sorted(
        [
            TreeEntry(path=listed, mode="100644", content=None),
            TreeEntry(path="a link", mode="120000", content=b"run.sh"),
            TreeEntry(path="new.bin", mode="100644", content=b"\0\xff"),
            TreeEntry(path="run.sh", mode="100755", content=b"true\n"),
        ],
        key=lambda entry: entry.path,
    )
    assert await workspace.tree_of(base) != tree


@pytest.mark.parametrize(
    ("files", "size", "there", "most"),
    [(3, 1, "3 files", "2 files"), (2, 700_000, "more than 1 MiB", "1 MiB")],
)
async def test_more_than_github_is_asked_for_at_once_is_refused_with_what_helps(
    workspace: GitWorkspace, base: Sha, monkeypatch: pytest.MonkeyPatch, files: int, size: int, there: str, most: str
) -> None:
    monkeypatch.setattr(told, "MOST_FILES", 2)
    monkeypatch.setattr(told, "MOST_BYTES", 1024 * 1024)
    for number in range(files):
        (workspace.tree / f"new-{number}").write_bytes(b"%d" % number * size)
    tree = await workspace.snapshot()
    with pytest.raises(ChangeRefused) as refused:
        await told.entries(workspace, base, tree)
    assert str(refused.value) == (
        f"The commit must be signed, and the change has {there}: GitHub makes and signs commits of at most {most} for "
        "an App. A smaller change can be signed; where signatures are not needed, `commits: plain` in the policy does "
        "without."
    )
