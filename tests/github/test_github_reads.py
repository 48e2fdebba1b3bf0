"""What GitHub says, as the values that the service decides upon."""

from datetime import UTC, datetime, timedelta, timezone

import canned
import pytest
from fake_github import REPO, FakeGitHub, Reply

from core.errors import GitHubRefused, GitHubUnavailable, PermissionMissing, RateLimited
from core.github import Account, CheckStatus, Closing, GitHub, ReviewState, TurnKind
from core.names import Role, Sha

ISSUE = f"{REPO}/issues/7"
EVENTS = f"{ISSUE}/events"
LABEL = "pullwright:implement"


def pages(path: str, *names: str) -> list[dict[str, str]]:
    """The Link headers of pages 1, 2 … of a list, as GitHub writes them."""
    last = len(names)
    found = []
    for page in range(1, last + 1):
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        wanted = {"prev", "first"} if page == last else {"next", "last"} if page == 1 else set(links)
        shown = [f'<{{url}}{path}/{names[number - 1]}>; rel="{rel}"' for rel, number in links.items() if rel in wanted]
        found.append({"link": ", ".join(shown)})
    return found


async def test_a_repository_is_read(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", REPO, canned.repository())
    facts = await github.repository()
    assert (facts.id, facts.owner, facts.name, facts.default_branch) == (42, "octo", "hello", "main")
    assert (facts.owner_is_organisation, facts.private, facts.archived) == (True, True, False)


async def test_a_branch_is_where_it_is_or_nowhere(fake: FakeGitHub, github: GitHub) -> None:
    found = {"ref": "refs/heads/main", "object": {"sha": canned.HEAD, "type": "commit"}}
    fake.says("GET", f"{REPO}/git/ref/heads/main", found)
    fake.says("GET", f"{REPO}/git/ref/heads/mai", found)
    assert await github.head_of("main") == canned.HEAD
    assert await github.head_of("mai") is None
    assert await github.head_of("gone") is None


async def test_a_file_is_its_bytes(fake: FakeGitHub, github: GitHub) -> None:
    raw = {"content-type": "application/vnd.github.raw+json; charset=utf-8"}
    fake.says("GET", f"{REPO}/contents/.github/pullwright.yml", Reply(200, b"\xff\x00policy", raw))
    fake.says("GET", f"{REPO}/contents/empty", Reply(200, b"", raw))
    fake.says("GET", f"{REPO}/contents/docs", [{"name": "a.md", "type": "file"}])
    assert await github.file(".github/pullwright.yml", "main") == b"\xff\x00policy"
    assert await github.file("empty", "main") == b""
    assert await github.file("docs", "main") is None
    assert await github.file("gone", "main") is None
    (seen,) = fake.asked("GET", f"{REPO}/contents/.github/pullwright.yml")
    assert seen.headers["accept"] == "application/vnd.github.raw+json"
    assert seen.query == {"ref": "main"}


async def test_an_issue_is_read_with_what_may_be_missing(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, canned.issue(labels=("bug",), user=None, state="closed", pull_request={"url": "…"}))
    issue = await github.issue(7)
    assert (issue.body, issue.labels, issue.open, issue.is_pull_request) == ("", ("bug",), False, True)
    assert issue.author == Account(login="ghost", id=10137, is_bot=False)
    assert issue.created_at == datetime(2026, 1, 1, 10, tzinfo=UTC)


async def test_comments_are_read_to_the_last_page(fake: FakeGitHub, github: GitHub) -> None:
    first, second = pages(f"{ISSUE}/comments", "1", "2")
    fake.says("GET", f"{ISSUE}/comments", Reply(200, [canned.comment(1), canned.comment(2)], first))
    fake.says("GET", f"{ISSUE}/comments/2", Reply(200, [canned.comment(3)], second))
    since = datetime(2026, 1, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert [each.id for each in await github.comments(7, since=since)] == [1, 2, 3]
    assert fake.asked("GET", f"{ISSUE}/comments")[0].query == {"since": "2026-01-01T10:30:00Z", "per_page": "100"}


async def test_a_list_without_end_is_refused_and_not_cut(fake: FakeGitHub, github: GitHub) -> None:
    again = {"link": f'<{{url}}{ISSUE}/comments>; rel="next"'}
    fake.says("GET", f"{ISSUE}/comments", Reply(200, [canned.comment()], again))
    with pytest.raises(GitHubRefused, match="more than 5000 items"):
        await github.comments(7)
    assert len(fake.asked("GET", f"{ISSUE}/comments")) == 50


async def test_a_list_does_not_go_on_elsewhere(fake: FakeGitHub, github: GitHub) -> None:
    away = {"link": '<http://elsewhere.example/2>; rel="next"'}
    fake.says("GET", f"{ISSUE}/comments", Reply(200, [canned.comment()], away))
    with pytest.raises(GitHubUnavailable, match="a link that leads away from its API"):
        await github.comments(7)


async def test_only_what_our_bot_wrote_itself_counts_as_the_apps(fake: FakeGitHub, github: GitHub) -> None:
    """A person who acts through an App's user token has `performed_via_github_app` too."""
    shown = {
        1: canned.comment(user=canned.BOT, performed_via_github_app=canned.APP),
        2: canned.comment(user=canned.user("mallory"), performed_via_github_app=canned.APP),
        3: canned.comment(user=canned.user("mallory")),
    }
    for number, sent in shown.items():
        fake.says("GET", f"{REPO}/issues/comments/{number}", sent)
    comments = [await github.comment(number) for number in shown]
    assert [each.app_id for each in comments if each] == [77, None, None]
    assert await github.comment(4) is None


async def test_the_latest_labelling_is_found_from_the_end(fake: FakeGitHub, github: GitHub) -> None:
    first, second, third = pages(EVENTS, "1", "2", "3")
    old = [canned.event(1, "labeled", LABEL, "old"), canned.event(2, "unlabeled", LABEL)]
    fake.says("GET", ISSUE, canned.issue(labels=("bug", LABEL.upper())))
    fake.says("GET", EVENTS, Reply(200, old, first))
    fake.says("GET", f"{EVENTS}/2", Reply(200, [canned.event(3, "labeled", LABEL, "new")], second))
    fake.says("GET", f"{EVENTS}/3", Reply(200, [canned.event(4, "labeled", "bug"), canned.event(5, "closed")], third))
    found = await github.labelling(7, LABEL)
    assert found is not None
    assert (found.id, found.actor.login) == (3, "new")


async def test_a_label_that_is_not_there_now_was_not_put_there(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, canned.issue(labels=("bug",)))
    assert await github.labelling(7, LABEL) is None
    assert fake.asked("GET", EVENTS) == []


async def test_a_label_taken_off_meanwhile_is_not_there(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, canned.issue(labels=(LABEL,)))
    fake.says("GET", EVENTS, [canned.event(1, "labeled", LABEL), canned.event(2, "unlabeled", LABEL)])
    assert await github.labelling(7, LABEL) is None


async def test_a_label_without_its_event_is_asked_for_again(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", ISSUE, canned.issue(labels=(LABEL,)))
    fake.says("GET", EVENTS, [])
    with pytest.raises(GitHubUnavailable, match="but not yet who put it there"):
        await github.labelling(7, LABEL)


async def test_the_latest_closing_is_found_whether_it_holds_or_not(fake: FakeGitHub, github: GitHub) -> None:
    ours = canned.event(2, "closed") | {"actor": canned.BOT, "created_at": "2026-01-02T10:00:00Z"}
    later = [canned.event(3, "reopened"), canned.event(4, "labeled", LABEL)]
    fake.says("GET", EVENTS, [canned.event(1, "closed"), ours, *later])
    assert await github.closing(7) == Closing(by_us=True, at=datetime(2026, 1, 2, 10, tzinfo=UTC))


async def test_a_closing_by_somebody_else_is_not_ours(fake: FakeGitHub, github: GitHub) -> None:
    by_person = canned.event(1, "closed") | {"actor": canned.user("pullwright[bot]"), "performed_via_github_app": {}}
    for closed in (by_person, by_person | {"actor": None}, by_person | {"actor": canned.user("other[bot]", "Bot")}):
        fake.says("GET", EVENTS, [closed])
        found = await github.closing(7)
        assert found is not None
        assert not found.by_us


@pytest.mark.parametrize(
    ("kind", "names", "by"),
    [
        ("reopened", ["closed", "reopened", "labeled"], 2),
        ("reopened", ["reopened", "closed", "reopened"], 3),
        ("reopened", ["closed", "reopened", "closed"], None),
        ("reopened", ["labeled"], None),
        ("ready_for_review", ["ready_for_review", "closed", "reopened"], 1),
        ("ready_for_review", ["ready_for_review", "convert_to_draft"], None),
        ("ready_for_review", ["ready_for_review", "converted_to_draft"], None),
    ],
)
async def test_the_latest_turn_is_told_by_who_did_it_unless_it_was_undone(
    fake: FakeGitHub, github: GitHub, kind: TurnKind, names: list[str], by: int | None
) -> None:
    events = [canned.event(i, name) | {"actor": canned.user(f"u{i}")} for i, name in enumerate(names, start=1)]
    fake.says("GET", EVENTS, events)
    found = await github.turn(7, kind)
    assert (found.actor.login if found is not None else None) == (f"u{by}" if by is not None else None)


async def test_the_paths_of_a_pull_request_are_those_before_and_after_or_unknown_where_there_are_too_many(
    fake: FakeGitHub, github: GitHub
) -> None:
    files: list[dict[str, object]] = [{"filename": "b.py", "previous_filename": "a.py"}, {"filename": "c.py"}]
    fake.says("GET", f"{REPO}/pulls/8/files", files)
    assert await github.changed_by(8) == ("a.py", "b.py", "c.py")
    fake.says("GET", f"{REPO}/pulls/9/files", [{"filename": f"{i}.py"} for i in range(3000)])
    assert await github.changed_by(9) is None


async def test_what_nobody_closed_has_no_closing(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", EVENTS, [canned.event(1, "labeled", LABEL)])
    assert await github.closing(7) is None


@pytest.mark.parametrize(
    ("permission", "role_name", "role"),
    [
        ("admin", "admin", Role.admin),
        ("write", "maintain", Role.maintain),
        ("write", "write", Role.write),
        ("read", "triage", Role.triage),
        ("read", "read", Role.read),
        ("none", "none", Role.none),
        ("write", "Security Engineer", Role.write),
        ("read", "Community Manager", Role.read),
        ("surprise", "surprise", Role.none),
        ("write", None, Role.write),
    ],
)
async def test_a_role_is_its_exact_name_or_what_it_grows_from(
    fake: FakeGitHub, github: GitHub, permission: str, role_name: str | None, role: Role
) -> None:
    sent = {"permission": permission, "role_name": role_name, "user": canned.user()}
    fake.says("GET", f"{REPO}/collaborators/mona/permission", sent)
    assert await github.role("mona") is role


async def test_who_is_unknown_has_no_role(fake: FakeGitHub, github: GitHub) -> None:
    assert await github.role("nobody") is Role.none


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Reply(500, canned.refusal("Server Error")), GitHubUnavailable),
        (Reply(403, canned.refusal("Resource not accessible by integration")), PermissionMissing),
        (Reply(429, canned.refusal("slow down"), {"retry-after": "60"}), RateLimited),
        (Reply(200, {"role_name": "admin"}), GitHubUnavailable),
        (Reply(200, b"<html>"), GitHubUnavailable),
    ],
)
async def test_a_role_that_cannot_be_looked_up_is_no_answer(
    fake: FakeGitHub, github: GitHub, failure: Reply, expected: type
) -> None:
    fake.says("GET", f"{REPO}/collaborators/mona/permission", failure)
    with pytest.raises(expected):
        await github.role("mona")


@pytest.mark.parametrize(
    "login", ["../../../user", "mona/permission?x=", "mona#", "", "a" * 40, "mona\n", "mo na", "[bot]", "möna", "."]
)
async def test_what_cannot_be_a_login_has_no_role_and_is_not_asked_for(
    fake: FakeGitHub, github: GitHub, login: str
) -> None:
    assert await github.role(login) is Role.none
    assert fake.seen == []


@pytest.mark.parametrize("login", ["mona", "a-b-", "octo_corp", "dependabot[bot]", "a" * 39])
async def test_what_can_be_a_login_is_asked_for(fake: FakeGitHub, github: GitHub, login: str) -> None:
    path = f"{REPO}/collaborators/{login.replace('[', '%5B').replace(']', '%5D')}/permission"
    fake.says("GET", path, {"permission": "read", "role_name": "read"})
    assert await github.role(login) is Role.read


async def test_collaborators_are_read_with_their_roles(fake: FakeGitHub, github: GitHub) -> None:
    steps = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
    first, second = pages(f"{REPO}/collaborators", "1", "2")
    fake.says("GET", f"{REPO}/collaborators", Reply(200, [canned.user("mona") | {"role_name": "maintain"}], first))
    custom = canned.user("hubot", number=2) | {"role_name": "Security Engineer", "permissions": steps}
    fake.says("GET", f"{REPO}/collaborators/2", Reply(200, [custom], second))
    found = [(each.account.login, each.role) for each in await github.collaborators()]
    assert found == [("mona", Role.maintain), ("hubot", Role.write)]


async def test_a_pull_request_is_ours_only_if_our_bot_opened_it(fake: FakeGitHub, github: GitHub) -> None:
    authors = {
        8: canned.BOT,
        9: canned.user("pullwright"),
        10: canned.user("other[bot]", "Bot"),
        11: canned.user("pullwright[bot]"),
    }
    for number, author in authors.items():
        fake.says("GET", f"{REPO}/pulls/{number}", canned.pull(number, user=author))
    assert [(await github.pull(number)).app_authored for number in authors] == [True, False, False, False]


async def test_an_unmerged_pull_request_has_no_merge_commit(fake: FakeGitHub, github: GitHub) -> None:
    fake.says("GET", f"{REPO}/pulls/8", canned.pull())
    fork = {"label": "gone:x", "ref": "x", "sha": canned.HEAD, "repo": None}
    done = {"merged_at": canned.WHEN, "merge_commit_sha": canned.MERGED, "state": "closed"}
    fake.says("GET", f"{REPO}/pulls/9", canned.pull(9, head=fork, **done))
    open_one, merged = await github.pull(8), await github.pull(9)
    assert (open_one.merged, open_one.merge_sha, open_one.head_repository_id) == (False, None, 42)
    assert (merged.merged, merged.merge_sha, merged.head_repository_id) == (True, canned.MERGED, None)


async def test_pulls_of_a_branch_are_those_of_our_repository(fake: FakeGitHub, github: GitHub) -> None:
    """GitHub leaves a filter out that it does not understand, and then lists everything."""
    fork = {"label": "eve:x", "ref": "pullwright/7-x", "sha": canned.HEAD, "repo": canned.repository(666)}
    other = {"label": "octo:y", "ref": "other", "sha": canned.HEAD, "repo": canned.repository()}
    fake.says("GET", f"{REPO}/pulls", [canned.pull(8), canned.pull(9, head=fork), canned.pull(10, head=other)])
    assert [each.number for each in await github.pulls_from("pullwright/7-x")] == [8]
    (seen,) = fake.asked("GET", f"{REPO}/pulls")
    assert seen.query == {"state": "all", "head": "octo:pullwright/7-x", "per_page": "100"}


async def test_a_review_of_a_lost_commit_covers_no_head(fake: FakeGitHub, github: GitHub) -> None:
    pending = canned.review(2, state="PENDING", commit_id=None)
    del pending["submitted_at"]
    fake.says("GET", f"{REPO}/pulls/8/reviews", [canned.review(1), pending])
    fake.says("GET", f"{REPO}/pulls/8/reviews/1", canned.review(1, user=None))
    first, second = await github.reviews(8)
    assert (first.state, first.head_sha) == (ReviewState.approved, canned.HEAD)
    assert (second.state, second.head_sha, second.submitted_at) == (ReviewState.pending, "", None)
    one = await github.review(8, 1)
    assert one is not None
    assert one.author.login == "ghost"
    assert await github.review(8, 3) is None


async def test_check_runs_are_all_of_them(fake: FakeGitHub, github: GitHub) -> None:
    path = f"{REPO}/commits/{canned.HEAD}/check-runs"
    foreign = canned.check_run(2, status="waiting", conclusion=None, external_id=None, app=None)
    first, second = pages(path, "1", "2")
    fake.says("GET", path, Reply(200, {"total_count": 2, "check_runs": [canned.check_run(1)]}, first))
    fake.says("GET", f"{path}/2", Reply(200, {"total_count": 2, "check_runs": [foreign]}, second))
    ours, theirs = await github.check_runs(Sha(canned.HEAD))
    assert (ours.app_id, ours.external_id, ours.status) == (77, "run000000001", CheckStatus.completed)
    assert (theirs.app_id, theirs.external_id, theirs.status) == (0, "", CheckStatus.queued)
    assert fake.asked("GET", path)[0].query == {"filter": "all", "per_page": "100"}


async def test_the_files_of_a_folder_are_told_in_order_and_nothing_else_that_lies_there(
    fake: FakeGitHub, github: GitHub
) -> None:
    entries = [
        {"path": "w/b.yml", "sha": "b" * 40, "size": 7, "type": "file"},
        {"path": "w/old", "sha": "c" * 40, "size": 0, "type": "dir"},
        {"path": "w/link.yml", "sha": "d" * 40, "size": 5, "type": "symlink"},
        {"path": "w/a.yml", "sha": "a" * 40, "size": 9, "type": "file"},
    ]
    fake.says("GET", f"{REPO}/contents/.github/w", entries)
    fake.says("GET", f"{REPO}/contents/.github/file", {"type": "file", "path": ".github/file"})
    found = await github.files_in(".github/w", "f" * 40)
    assert [(file.path, file.blob[0], file.bytes) for file in found] == [("w/a.yml", "a", 9), ("w/b.yml", "b", 7)]
    assert await github.files_in(".github/file", "f" * 40) == ()
    assert await github.files_in(".github/gone", "f" * 40) == ()
    (seen,) = fake.asked("GET", f"{REPO}/contents/.github/w")
    assert seen.query == {"ref": "f" * 40}


@pytest.mark.parametrize("where", ["http://logs.example/1", "ftp://logs.example/1", "", "//", "http://127.0.0.1:1/x"])
async def test_a_log_that_lies_where_it_is_not_safe_to_look_is_not_looked_for(
    fake: FakeGitHub, github: GitHub, where: str
) -> None:
    fake.says("GET", f"{REPO}/actions/jobs/5/logs", Reply(302, None, {"location": where}))
    assert await github.end_of_log(5, 100) is None
