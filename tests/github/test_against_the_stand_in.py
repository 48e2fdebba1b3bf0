"""Every call of `core.github.GitHub` once, against the stand-in, with the permissions and events of `app.yml`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_github import AT_ONCE

from adapters.github.app import GitHubApp
from adapters.github.pulls import DraftsUnsupported
from bot.demo.github import GitHubStandIn, Person
from bot.demo.github import Repository as StandInRepository
from bot.demo.github.people import OtherApp
from core.clock import FixedClock
from core.errors import (
    AlreadyMerged,
    AppRefused,
    GitHubUnavailable,
    MergeRefused,
    NotThere,
    PermissionMissing,
    RateLimited,
)
from core.github import (
    NOWHERE,
    Account,
    CheckStatus,
    CloseReason,
    GitHub,
    MergeMethod,
    Move,
    Pull,
    ReviewState,
)
from core.names import Repo, Role, Sha

LABEL = "pullwright:implement"
BRANCH = "pullwright/1-x#1"


@dataclass
class Town:
    stand_in: GitHubStandIn
    repository: StandInRepository
    app: GitHubApp
    github: GitHub
    repo: Repo

    @property
    def mona(self) -> Person:
        return self.stand_in.person("mona")

    async def open_pull(self) -> Pull:
        await self.mona.push(BRANCH, {"a.py": "1\n"}, "a change")
        return await self.github.open_pull(branch=BRANCH, base="main", title="Fix", body="b", draft=True)


@pytest.fixture
async def town(tmp_path: Path, clock: FixedClock, pem: str, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "README.md").write_bytes(b"# hello\n")
    manifest = yaml.safe_load((request.config.rootpath / "app.yml").read_text())
    async with GitHubStandIn(tmp_path / "github", clock=clock.now, token_shape="long") as stand_in:
        world = stand_in.world
        for login in ("mona", "tim", "eve"):
            world.create_user(login)
        asked, events = manifest["default_permissions"], manifest["default_events"]
        ours = world.create_app("Pullwright", "pullwright", public(pem), "", "", asked, events)
        repository = await world.create_repository("octo", "hello", source, private=True)
        world.add_collaborator(repository, "mona", "maintain")
        world.add_collaborator(repository, "tim", "triage")
        installation = world.install(ours, repository)
        repo = Repo(id=repository.id, owner="octo", name="hello", installation_id=installation.id)
        async with GitHubApp(stand_in.url, ours.id, lambda: pem, clock, patience=AT_ONCE) as app:
            yield Town(stand_in, repository, app, app.repository(repo), repo)
        assert world.unknown_requests == []


def public(pem: str) -> str:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


async def test_the_app_knows_itself_and_where_it_is_installed(town: Town) -> None:
    assert (await town.app.identity()).login == "pullwright[bot]"
    assert await town.app.installation_of("octo", "hello") == town.repo.installation_id
    with pytest.raises(AppRefused):
        await town.app.installation_of("octo", "other")


async def test_the_repository_its_branches_and_its_files(town: Town) -> None:
    facts = await town.github.repository()
    assert (facts.id, facts.default_branch, facts.private) == (town.repo.id, "main", True)
    head = await town.github.head_of("main")
    assert head is not None
    assert await town.github.head_of("gone") is None
    assert await town.github.file("README.md", head) == b"# hello\n"
    assert await town.github.file("gone.md", "main") is None
    assert await town.github.file("README.md", "gone") is None


async def test_an_issue_and_its_thread(town: Town) -> None:
    issue = await town.mona.open_issue("slugify drops digits", "please")
    said = await town.mona.comment(issue, "soon?")
    ours = await town.github.create_comment(issue.number, "on it")
    read = await town.github.issue(issue.number)
    assert (read.title, read.body, read.author.login, read.open) == ("slugify drops digits", "please", "mona", True)
    first, second = await town.github.comments(issue.number)
    assert (first.id, first.app_id, first.author.is_bot) == (said.id, None, False)
    assert (second.id, second.app_id, second.author.is_bot) == (ours.id, (await town.app.identity()).id, True)
    assert (await town.github.edit_comment(ours.id, "done")).body == "done"
    found = await town.github.comment(ours.id)
    assert found is not None
    assert (found.number, found.body) == (issue.number, "done")
    assert await town.github.comment(999_999) is None
    await town.github.react_to_issue(issue.number, "eyes")
    await town.github.react_to_comment(said.id, "rocket")
    with pytest.raises(NotThere):
        await town.github.issue(999)


async def test_a_labelling_is_the_last_one_of_many(town: Town) -> None:
    issue = await town.mona.open_issue("slugify", "please")
    for _ in range(60):
        await town.stand_in.person("tim").label(issue, LABEL)
        await town.mona.unlabel(issue, LABEL)
    assert await town.github.labelling(issue.number, LABEL) is None
    await town.mona.label(issue, LABEL)
    found = await town.github.labelling(issue.number, LABEL)
    assert found is not None
    assert (found.label, found.actor.login) == (LABEL, "mona")


async def test_labels_and_people_are_put_on_an_issue_and_labels_taken_off(town: Town) -> None:
    issue = await town.mona.open_issue("slugify", "please", labels=["Old"])
    await town.github.add_labels(issue.number, ("new one", "a/b"))
    await town.github.add_labels(issue.number, ("NEW ONE",))
    await town.github.add_labels(issue.number, ())
    for label in ("old", "a/b", "a/b", "never there"):
        await town.github.remove_label(issue.number, label)
    assert (await town.github.issue(issue.number)).labels == ("new one",)
    assert await town.github.assign(issue.number, ("Mona", "eve")) == ("Mona",)
    assert [one.event for one in issue.timeline] == [*["labeled"] * 3, "unlabeled", "unlabeled", "assigned"]
    with pytest.raises(NotThere, match="nobody called one of mona, ghostly"):
        await town.github.assign(issue.number, ("mona", "ghostly"))
    with pytest.raises(NotThere):
        await town.github.remove_label(999, "old")


async def test_a_closing_is_remembered_by_who_did_it_whatever_came_after(town: Town) -> None:
    issue = await town.mona.open_issue("slugify", "please")
    assert await town.github.closing(issue.number) is None
    await town.github.close(issue.number, CloseReason.not_planned)
    await town.github.close(issue.number, CloseReason.completed)
    assert (issue.state, issue.state_reason) == ("closed", "not_planned")
    await town.mona.reopen_issue(issue)
    assert (await town.github.issue(issue.number)).open
    ours = await town.github.closing(issue.number)
    await town.mona.close_issue(issue)
    theirs = await town.github.closing(issue.number)
    assert ours is not None
    assert theirs is not None
    assert (ours.by_us, theirs.by_us) == (True, False)


async def test_a_turn_of_a_pull_request_is_told_by_who_did_it(town: Town) -> None:
    opened = await town.open_pull()
    assert await town.github.turn(opened.number, "reopened") is None
    await town.mona.close_pull(opened.number)
    await town.mona.reopen_issue(opened.number)
    await town.mona.ready_for_review(opened.number)
    for kind in ("reopened", "ready_for_review"):
        turn = await town.github.turn(opened.number, kind)
        assert (turn.actor.login if turn is not None else None) == "mona"


async def test_the_paths_that_a_pull_request_changes_are_told(town: Town) -> None:
    opened = await town.open_pull()
    assert await town.github.changed_by(opened.number) == ("a.py",)


async def test_a_pull_request_is_closed_like_an_issue(town: Town) -> None:
    opened = await town.open_pull()
    await town.github.close(opened.number, None)
    assert not (await town.github.pull(opened.number)).open


async def test_roles_are_exact(town: Town) -> None:
    roles = [await town.github.role(login) for login in ("octo", "mona", "tim", "eve", "nobody")]
    assert roles == [Role.admin, Role.maintain, Role.triage, Role.none, Role.none]
    listed = {each.account.login: each.role for each in await town.github.collaborators()}
    assert listed == {"octo": Role.admin, "mona": Role.maintain, "tim": Role.triage}
    town.stand_in.faults.fail_next("GET", "*/permission", 500, times=4)
    with pytest.raises(GitHubUnavailable):
        await town.github.role("mona")


async def test_a_pull_request_from_draft_to_merge(town: Town) -> None:
    opened = await town.open_pull()
    assert (opened.draft, opened.app_authored, opened.head_ref) == (True, True, BRANCH)
    assert [each.number for each in await town.github.pulls_from(BRANCH)] == [opened.number]
    assert await town.github.pulls_from("pullwright/1-x") == []
    with pytest.raises(MergeRefused, match="draft"):
        await merge(town, opened, opened.head_sha)
    await town.github.mark_ready(opened.node_id)
    await town.github.edit_pull(opened.number, body="better")
    await town.github.request_review(opened.number, "mona")
    ready = await town.github.pull(opened.number)
    assert (ready.draft, ready.body, ready.base_ref) == (False, "better", "main")
    approval = await town.mona.approve(opened.number)
    (review,) = await town.github.reviews(opened.number)
    assert (review.state, review.author.login, review.head_sha) == (ReviewState.approved, "mona", opened.head_sha)
    assert await town.github.review(opened.number, approval.id) == review
    assert await town.github.review(opened.number, 999_999) is None
    with pytest.raises(MergeRefused, match="Head branch was modified"):
        await merge(town, opened, Sha("f" * 40))
    merged = await merge(town, opened, opened.head_sha)
    assert merged == await town.github.head_of("main")
    with pytest.raises(AlreadyMerged):
        await merge(town, opened, opened.head_sha)
    after = await town.github.pull(opened.number)
    assert (after.merged, after.merged_by_us, after.open, after.merge_sha) == (True, True, False, merged)


async def test_a_merge_by_a_person_is_not_ours(town: Town) -> None:
    opened = await town.open_pull()
    await town.github.mark_ready(opened.node_id)
    await town.mona.merge(opened.number)
    after = await town.github.pull(opened.number)
    assert (after.merged, after.merged_by_us) == (True, False)


async def test_a_merge_that_github_did_and_did_not_tell_is_not_sent_again(town: Town) -> None:
    opened = await town.open_pull()
    await town.github.mark_ready(opened.node_id)
    town.stand_in.faults.drop_next("PUT", "*/merge", after=True)
    with pytest.raises(GitHubUnavailable):
        await merge(town, opened, opened.head_sha)
    assert len(town.stand_in.world.requests_of("PUT", "/merge")) == 1
    with pytest.raises(AlreadyMerged):
        await merge(town, opened, opened.head_sha)
    assert len(town.stand_in.world.merges(town.repository)) == 1


async def merge(town: Town, pull: Pull, sha: Sha) -> Sha:
    return await town.github.merge(pull.number, sha=sha, method=MergeMethod.squash, title="Fix", message="why")


async def test_a_repository_without_drafts(town: Town) -> None:
    town.repository.drafts_supported = False
    with pytest.raises(DraftsUnsupported):
        await town.open_pull()
    plain = await town.github.open_pull(branch=BRANCH, base="main", title="Fix", body="b", draft=False)
    assert not plain.draft


async def test_check_runs_are_made_changed_and_found(town: Town) -> None:
    opened = await town.open_pull()
    output = {"title": "t", "summary": "é" * 70_000}
    fields = {"name": "pullwright/tests", "head_sha": opened.head_sha, "external_id": "x", "output": output}
    made = await town.github.create_check({**fields, "status": "in_progress"})
    changed = await town.github.update_check(made.id, {"status": "completed", "conclusion": "action_required"})
    assert (changed.status, changed.conclusion) == (CheckStatus.completed, "action_required")
    (found,) = await town.github.check_runs(opened.head_sha)
    assert (found.id, found.external_id, found.app_id) == (made.id, "x", (await town.app.identity()).id)


async def test_a_limit_is_told_with_its_time(town: Town) -> None:
    town.stand_in.faults.fail_next("POST", "*/comments", 403, headers={"retry-after": "45"})
    with pytest.raises(RateLimited) as error:
        await town.github.create_comment(1, "hello")
    assert error.value.retry_after_seconds == 45


async def test_tokens_end_after_an_hour_and_do_no_more_than_they_are_for(town: Town, clock: FixedClock) -> None:
    reading = await town.github.git_token(write=False)
    assert reading.startswith("ghs_")
    assert town.stand_in.world.tokens[reading].permissions == {"contents": "read", "metadata": "read"}
    assert town.stand_in.world.tokens[reading].repositories == [town.repository]
    clock.advance(3600)
    writing = await town.github.git_token(write=True)
    assert town.stand_in.world.tokens[writing].permissions == {"contents": "write", "metadata": "read"}
    assert await town.github.git_token(write=False) != reading


async def test_a_permission_that_was_not_granted_is_named(town: Town) -> None:
    town.stand_in.world.installations[town.repo.installation_id].permissions["issues"] = "read"
    with pytest.raises(PermissionMissing, match="`contents: read, issues: write"):
        await town.github.create_comment(1, "hello")


async def test_another_key_is_refused(town: Town, clock: FixedClock) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    pem = other.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    ours = (await town.app.identity()).id
    for app_id, why in ((ours, f"does not accept the private key for App {ours}"), (1, "no App with the id 1")):
        async with GitHubApp(town.stand_in.url, app_id, lambda: pem, clock, patience=AT_ONCE) as app:
            with pytest.raises(AppRefused, match=why):
                await app.repository(town.repo).issue(1)


async def test_the_owner_of_a_repository_is_an_account(town: Town) -> None:
    issue = await town.stand_in.person("octo").open_issue("a", "b")
    author = (await town.github.issue(issue.number)).author
    assert author == Account(login="octo", id=author.id, is_bot=False)


async def test_the_end_of_a_jobs_log_is_read_where_it_lies_and_our_token_stays_here(town: Town) -> None:
    pull = await town.open_pull()
    actions = OtherApp(town.stand_in.world, "github-actions", town.repository)
    job = await actions.job(pull.head_sha, "build", "failure", "a\n" * 1000 + "the end")
    job.annotations.append({"path": "a.py", "start_line": 3, "annotation_level": "failure", "message": "wrong"})
    (check,) = await town.github.check_runs(pull.head_sha)
    assert check.job is not None
    assert await town.github.end_of_log(check.job, 9) == b"a\nthe end"
    (note,) = await town.github.notes(check.id)
    assert (note.path, note.line, note.message) == ("a.py", 3, "wrong")
    assert await town.github.end_of_log(7, 9) is None, "it is gone"
    other = OtherApp(town.stand_in.world, "acme-ci", town.repository)
    await other.job(pull.head_sha, "mine", "failure", "")
    assert {run.name: run.job is None for run in await town.github.check_runs(pull.head_sha)}["mine"], (
        "any App may link"
    )


async def test_an_app_that_may_not_read_actions_does_without_logs(town: Town) -> None:
    pull = await town.open_pull()
    job = await OtherApp(town.stand_in.world, "github-actions", town.repository).job(pull.head_sha, "b", "failure", "x")
    for app in town.stand_in.world.apps.values():
        app.permissions.pop("actions", None)
    for installation in town.stand_in.world.installations.values():
        installation.permissions.pop("actions", None)
    (check,) = await town.github.check_runs(pull.head_sha)
    assert check.id == job.id
    assert await town.github.end_of_log(check.job or 0, 9) is None


async def test_what_moved_a_branch_is_listed_with_whoever_did_and_its_commits_with_whoever_wrote_them(
    town: Town,
) -> None:
    pull = await town.open_pull()
    begun = pull.head_sha
    head = await town.mona.push(BRANCH, {"b.py": "2\n"}, "more")
    await town.mona.push("other", {"c.py": "3\n"}, "elsewhere")
    moves = await town.github.moves_of(BRANCH)
    assert moves == [
        Move(before=begun, after=Sha(head), by="mona", ours=False),
        Move(before=NOWHERE, after=begun, by="mona", ours=False),
    ]
    found = await town.github.commits_of(pull.number)
    assert found is not None
    assert [(one.sha, one.people) for one in found] == [(begun, ("mona",)), (head, ("mona",))]
    assert found[1].parents == (begun,)
    for _ in range(101):
        town.repository.activities.append(town.repository.activities[0])
    assert len(await town.github.moves_of(BRANCH) or ()) == 103, "pages are linked by cursors"
    town.stand_in.faults.fail_next("GET", "/repos/*/activity", 404)
    assert await town.github.moves_of(BRANCH) is None
