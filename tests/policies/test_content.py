"""What a change may contain, and what may be merged."""

import pytest

from core.digests import ChangedPath
from policies.evaluate import change_allowed, may_merge
from policies.globs import matching
from policies.result import Result, Status
from policies.schema import BuiltIn, built_in, load

TEAM = built_in(BuiltIn.team)


def path(name: str, mode: str = "100644", head: str | None = "b" * 40) -> ChangedPath:
    return ChangedPath(path=name, mode=mode, base_blob=None, head_blob=head)


def allowed(*names: str, policy=TEAM, **more):
    sizes = {"additions": 10, "deletions": 2, "bytes_": 500, "binary_paths": ()} | more
    return change_allowed(policy, paths=[path(name) for name in names], **sizes)


def test_an_ordinary_change_is_allowed():
    result = allowed("src/a.py", "tests/test_a.py")
    assert result.approved
    assert result.why == "2 files, 10 lines added and 2 deleted; no protected path."


@pytest.mark.parametrize(
    "name",
    [
        ".github/workflows/ci.yml",
        ".github/workflows/deep/er.yml",
        ".GitHub/Workflows/ci.yml",
        ".github/actions/build/action.yml",
        ".github/pullwright.yml",
        ".github/pullwright/workflows/mine.yml",
        ".gitmodules",
        "vendor/.gitmodules",
        "sub/.git/config",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        "keys/server.pem",
        ".env",
        "deploy/.env.production",
    ],
)
def test_protected_paths_are_denied_under_every_built_in_policy(name):
    for policy in BuiltIn:
        result = allowed("src/a.py", name, policy=built_in(policy))
        assert result.status is Status.denied
        assert result.why == f"The change touches protected paths: `{name}`."
        assert result.remedy == "A person has to change these files."


def test_what_ci_runs_stays_protected_whatever_the_file_says():
    assert allowed(".github/workflows/ci.yml", policy=load("protected: []\n", "x")).status is Status.denied


def test_a_deleted_workflow_is_denied_like_a_changed_one():
    change = [path(".github/workflows/ci.yml", head=None)]
    result = change_allowed(TEAM, paths=change, additions=0, deletions=9, bytes_=0)
    assert result.status is Status.denied


@pytest.mark.parametrize(
    "name", ["github/workflows/ci.yml", "docs/.env-example", "src/environment.py", "src/codeowners.py"]
)
def test_paths_that_only_look_alike_are_allowed(name):
    assert allowed(name).approved


@pytest.mark.parametrize(
    ("sizes", "why", "key"),
    [
        ({"additions": 1400, "deletions": 101}, "The change is 1501 lines; the policy allows 1500.", "lines"),
        ({"bytes_": 1_000_001}, "The change is 1000001 bytes; the policy allows 1000000.", "bytes"),
    ],
)
def test_a_change_that_is_too_large_is_denied(sizes, why, key):
    result = allowed("a.py", **sizes)
    assert (result.status, result.why) == (Status.denied, why)
    assert result.remedy == f"Describe a smaller task, or raise `limits.{key}` in `.github/pullwright.yml`."


def test_too_many_files_are_denied():
    result = allowed(*(f"{n}.py" for n in range(41)))
    assert result.why == "The change is 41 files; the policy allows 40."


def test_a_submodule_is_denied_since_nobody_would_see_its_content():
    result = change_allowed(TEAM, paths=[path("lib", mode="160000")], additions=1, deletions=0, bytes_=0)
    assert (result.status, result.why) == (
        Status.denied,
        "The change adds or moves a submodule, whose content nobody would see.",
    )


def test_a_change_that_brings_a_secret_is_denied_and_the_secret_is_not_said():
    result = allowed(
        "a.py", secrets={"b`.py": ("a GitHub token",), "a.py": ("a private key", "a secret of this service")}
    )
    assert (result.status, result.why) == (
        Status.denied,
        "The change brings a private key and a secret of this service in `a.py`, a GitHub token in `b.py`.",
    )
    assert result.remedy == (
        "Let the code read it from the environment; what is only an example should not look like a real one."
    )


def test_binary_files_wait_for_a_person_who_looks_at_them():
    result = allowed("logo.png", binary_paths=("logo.png",))
    assert (result.status, result.why) == (Status.pending, "1 binary file: look at what they are.")


def test_everything_that_is_wrong_is_said_at_once():
    result = allowed("CODEOWNERS", additions=9_999)
    assert result.why == (
        "The change touches protected paths: `CODEOWNERS`. The change is 10001 lines; the policy allows 1500."
    )


def test_globs_are_those_of_gitignore():
    assert matching(["a/b.py", "b.py", "docs/x/y.md"], ["*.py"]) == ["a/b.py", "b.py"]
    assert matching(["a/b.py", "b.py"], ["/b.py"]) == ["b.py"]
    assert matching(["docs/x/y.md", "src/docs.md"], ["docs/"]) == ["docs/x/y.md"]
    assert matching(["a"], []) == []


YES = Result("change", Status.approved, "Approved by @ada.")
NOT_YET = Result("change", Status.pending, "0 of 1 approvals given.")
CONTENT = Result("content", Status.approved, "Fine.")
BOT = load("merge: bot\n", "x")


def merge(policy=BOT, **more):
    return may_merge(
        policy, **({"change": YES, "content": CONTENT, "tests_green": True, "head_is_approved": True} | more)
    )


def test_the_bot_merges_when_everything_is_there():
    assert merge().why == "The bot merges: everything that the policy asks for is there."


@pytest.mark.parametrize(
    ("what", "status", "why"),
    [
        ({"policy": TEAM}, Status.denied, "Under the policy a person merges, not the bot."),
        ({"change": NOT_YET}, Status.pending, "0 of 1 approvals given."),
        ({"tests_green": False}, Status.denied, "The tests are not green on this head."),
        ({"head_is_approved": False}, Status.denied, "The head of the pull request is not what was approved."),
        ({"content": Result("content", Status.error, "Doubt.")}, Status.error, "Doubt."),
    ],
)
def test_the_bot_does_not_merge_without(what, status, why):
    result = merge(**what)
    assert (result.status, result.why) == (status, why)
