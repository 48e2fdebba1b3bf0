"""Facts and payloads for tests of handlers: a small repository at one moment; a test changes what it is about."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.digests import digest
from core.facts import App, Facts, PolicyFile
from core.github import Account, Comment, Issue, LabelEvent, Pull, RepositoryFacts, Review, ReviewState
from core.heads import Behind
from core.intents import Decided, Ignore
from core.names import Repo, Role, RunId, Sha, Subject, SubjectKind
from core.runs import Run, Snapshot, Waiting
from core.states import RunState, WaitingFor
from core.workflow.catalogue import Catalogue, File, catalogue
from handlers import handler_of
from handlers.event import Event
from handlers.reading import parse
from handlers.verbs import VERBS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLAN = digest("plan", 1)
CHANGE = digest("change", 1)
HEAD = Sha("a" * 40)
OTHER_HEAD = Sha("b" * 40)
APP = App(id=7, slug="pullwright-dev")
REPO = Repo(id=1, owner="acme", name="site", installation_id=5)
WORKFLOW = """
name: implement
on: {command: implement, label: "pullwright:implement"}
inputs: {task: {type: string, default: ""}}
steps: [{id: triage, uses: triage}]
"""


def workflows(**own: str) -> Catalogue:
    """`implement`, and a repository's own files by their names."""
    files = [File(f".github/pullwright/workflows/{name}.yml", text) for name, text in own.items()]
    return catalogue({"implement": WORKFLOW}, files, reserved=VERBS)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def account(login: str, *, bot: bool = False) -> Account:
    return Account(login=login, id=sum(map(ord, login)), is_bot=bot)


def issue(**more: Any) -> Issue:
    return Issue(
        **{
            "number": 3,
            "node_id": "I_3",
            "title": "slugify drops digits",
            "body": "It should keep them.",
            "author": account("reporter"),
            "author_association": "NONE",
            "open": True,
            "labels": ("pullwright:implement",),
            "is_pull_request": False,
            "created_at": at(-3600),
            "updated_at": at(-3600),
            "url": "https://github.test/acme/site/issues/3",
        }
        | more
    )


def comment(body: str, **more: Any) -> Comment:
    values = {
        "id": 50,
        "node_id": "IC_50",
        "number": 3,
        "body": body,
        "author": account("ada"),
        "author_association": "MEMBER",
        "app_id": None,
        "created_at": at(0),
        "updated_at": at(0),
        "url": "https://github.test/c/50",
    }
    return Comment(**(values | more))


def labelling(**more: Any) -> LabelEvent:
    values = {"id": 900, "label": "pullwright:implement", "actor": account("ada"), "created_at": at(0)}
    return LabelEvent(**(values | more))


def review(state: ReviewState = ReviewState.approved, body: str = "", **more: Any) -> Review:
    values = {
        "id": 60,
        "node_id": "PRR_60",
        "author": account("ada"),
        "state": state,
        "head_sha": HEAD,
        "body": body,
        "submitted_at": at(0),
    }
    return Review(**(values | more))


def pull(**more: Any) -> Pull:
    values = {
        "number": 4,
        "node_id": "PR_4",
        "url": "https://github.test/acme/site/pull/4",
        "author": account("pullwright-dev[bot]", bot=True),
        "app_authored": True,
        "open": True,
        "merged": False,
        "draft": False,
        "head_ref": "pullwright/3-slug-r",
        "head_sha": HEAD,
        "head_repository_id": 1,
        "base_ref": "main",
        "base_sha": Sha("c" * 40),
        "body": "",
        "mergeable": True,
        "merge_sha": None,
    }
    return Pull(**(values | more))


def behind(opened: Role, owns: Role | None = None, **pushed: Role) -> tuple[Behind, ...]:
    """Who stands behind the head of eve's pull request: eve, the owner of the fork, who is eve unless another role is
    told, and whoever pushed to it last."""
    owner = ("eve", opened) if owns is None else ("olga", owns)
    last = [Behind("pushed", login, role) for login, role in pushed.items()]
    return (Behind("opened", "eve", opened), Behind("owns", *owner), *last)


def run(state: RunState = RunState.running, **more: Any) -> Run:
    values = {
        "id": RunId("r1"),
        "workflow": "implement",
        "workflow_text": WORKFLOW,
        "workflow_digest": digest("workflow", 1),
        "repo": REPO,
        "subject": Subject(kind=SubjectKind.issue, number=3),
        "base_ref": "main",
        "base_sha": Sha("c" * 40),
        "trigger_key": "repo:1:issue:3:label:pullwright:implement:900",
        "requester": "bob",
        "source": "label",
        "snapshot": Snapshot(title="t", body="b", author="reporter", author_association="NONE", taken_at=at(-60)),
        "inputs": {"task": "keep digits"},
        "created_at": at(-60),
        "state": state,
        "epoch": 1,
        "updated_at": at(-10),
    }
    return Run(**(values | more))


def waiting_run(*, change: bool = False, asked_in: int = 40, state: RunState = RunState.waiting, **more: Any) -> Run:
    """A run that waits for an approval of its plan, or of its change."""
    digest_ = CHANGE if change else PLAN
    waiting = Waiting(what=WaitingFor.approval, why="…", person="ada", digest=digest_, asked_in=asked_in)
    return run(state, waiting=waiting, pull_number=4 if change else None, **more)


def facts(**more: Any) -> Facts:
    repository = RepositoryFacts(
        id=1,
        owner="acme",
        name="site",
        owner_is_organisation=True,
        default_branch="main",
        private=False,
        archived=False,
        clone_url="https://github.test/acme/site.git",
    )
    known = Facts(
        app=APP,
        repository=repository,
        issue=issue(),
        role=Role.write,
        policy=PolicyFile(path="built-in policy", text=None, sha=Sha("d" * 40)),
        workflows=workflows(),
    )
    return replace(known, **more)


def payload(action: str, sender: str = "ada", **more: Any) -> bytes:
    common = {
        "action": action,
        "repository": {"id": 1, "name": "site", "owner": {"login": "acme", "id": 2, "type": "Organization"}},
        "installation": {"id": 5},
        "sender": {"login": sender, "id": 9, "type": "Bot" if sender.endswith("[bot]") else "User"},
    }
    return json.dumps(common | more).encode()


def issue_part(**more: Any) -> dict[str, Any]:
    part = {
        "number": 3,
        "node_id": "I_3",
        "title": "slugify drops digits",
        "body": "It should keep them.",
        "labels": [],
        "created_at": "2026-01-01T12:00:00Z",
    }
    return part | more


def event(name: str, body: bytes) -> Event:
    parsed = parse(name, body)
    assert isinstance(parsed, Event), parsed
    return parsed


def planned(it: Event, known: Facts) -> list[Any]:
    """What the handler wants, but for the notes that `/why` tells of."""
    return [intent for intent in all_planned(it, known) if not isinstance(intent, Decided)]


def all_planned(it: Event, known: Facts) -> list[Any]:
    handler = handler_of(it)
    assert handler is not None
    needed = handler.needs(it)
    return [needed] if isinstance(needed, Ignore) else handler.plan(it, known)


def commented(body: str, *, on_pull: bool = False, **more: Any) -> Event:
    """The delivery of a new comment."""
    part = {"id": 50, "node_id": "IC_50", "body": body, "updated_at": "2026-01-01T12:00:00Z"}
    where = issue_part(number=4, pull_request={}) if on_pull else issue_part()
    return event("issue_comment", payload("created", comment=part, issue=where, **more))
