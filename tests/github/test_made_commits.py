"""Trees and commits that GitHub makes for our App: what is asked for, and what is made of the answer."""

import base64

import canned
from fake_github import REPO, FakeGitHub, Reply

from core.github import GitHub, TreeEntry
from core.names import Sha

BASE, TREE, MADE = Sha(canned.BASE), Sha("d" * 40), Sha("e" * 40)


def commit(*, verified: bool, reason: str) -> dict[str, object]:
    return {
        "sha": MADE,
        "message": "Mend it",
        "tree": {"sha": TREE, "url": "x"},
        "parents": [{"sha": BASE, "url": "x"}],
        "verification": {"verified": verified, "reason": reason, "signature": None, "payload": None},
    }


async def test_text_goes_with_the_tree_and_anything_else_as_a_blob_of_its_own(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/git/blobs", Reply(201, {"sha": "f" * 40, "url": "x"}))
    fake.says("POST", f"{REPO}/git/trees", Reply(201, {"sha": TREE, "tree": [], "truncated": False}))
    entries = [
        TreeEntry(path="a.txt", mode="100644", content="Zeile\r\nmit ü\n".encode()),
        TreeEntry(path="b.bin", mode="100755", content=b"\xff\xfe"),
        TreeEntry(path="c.nul", mode="100644", content=b"a\0b"),
        TreeEntry(path="gone", mode="100644", content=None),
        TreeEntry(path="link", mode="120000", content=b"a.txt"),
    ]
    assert await github.write_tree(BASE, entries) == TREE
    (tree,) = fake.asked("POST", f"{REPO}/git/trees")
    assert tree.body == {
        "base_tree": BASE,
        "tree": [
            {"path": "a.txt", "mode": "100644", "type": "blob", "content": "Zeile\r\nmit ü\n"},
            {"path": "b.bin", "mode": "100755", "type": "blob", "sha": "f" * 40},
            {"path": "c.nul", "mode": "100644", "type": "blob", "sha": "f" * 40},
            {"path": "gone", "mode": "100644", "type": "blob", "sha": None},
            {"path": "link", "mode": "120000", "type": "blob", "content": "a.txt"},
        ],
    }
    sent = [base64.b64decode(each.body["content"]) for each in fake.asked("POST", f"{REPO}/git/blobs")]
    assert sent == [b"\xff\xfe", b"a\0b"]


async def test_a_commit_names_nobody_so_that_github_signs_it(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/git/commits", Reply(201, commit(verified=True, reason="valid")))
    made = await github.write_commit(tree=TREE, parents=(BASE,), message="Mend it")
    assert (made.sha, made.tree, made.parents, made.verified) == (MADE, TREE, (BASE,), True)
    (asked,) = fake.asked("POST", f"{REPO}/git/commits")
    assert asked.body == {"message": "Mend it", "tree": TREE, "parents": [BASE]}
    (token,) = [seen for seen in fake.seen if seen.path.endswith("/access_tokens")]
    assert token.body["permissions"] == {"contents": "write"}


async def test_an_unsigned_commit_is_told_with_githubs_reason(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("POST", f"{REPO}/git/commits", Reply(201, commit(verified=False, reason="unsigned")))
    made = await github.write_commit(tree=TREE, parents=(BASE,), message="Mend it")
    assert (made.verified, made.reason) == (False, "unsigned")


async def test_a_tree_is_there_or_it_is_not(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", f"{REPO}/git/trees/{TREE}", {"sha": TREE, "tree": [], "truncated": False})
    assert await github.has_tree(TREE)
    assert not await github.has_tree(Sha("9" * 40))


async def test_signatures_are_wanted_where_one_ruleset_says_so(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", f"{REPO}/rules/branches/main", [{"type": "deletion"}, {"type": "required_signatures"}])
    fake.says("GET", f"{REPO}/rules/branches/pullwright/1-x-r1", [{"type": "deletion"}])
    assert await github.wants_signatures("main")
    assert not await github.wants_signatures("pullwright/1-x-r1")
    assert not await github.wants_signatures("unknown-to-a-server-without-rulesets")


async def test_an_account_is_looked_up_by_its_login(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", "/users/pullwright%5Bbot%5D", canned.BOT)
    assert await github.account_of("pullwright[bot]") == 4711
    assert await github.account_of("nobody") is None
