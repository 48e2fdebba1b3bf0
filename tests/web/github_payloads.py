"""Webhook payloads in the shapes that GitHub documents: every event, every action, and what may be odd about them.

Written from the fields of https://docs.github.com/en/webhooks/webhook-events-and-payloads; no payload is a copy.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]
SHA = "0123456789abcdef0123456789abcdef01234567"
AT = "2026-01-02T03:04:05Z"

_ALERT = "created fixed dismissed reopened"
_EDITED = "created deleted edited"

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "branch_protection_configuration": "disabled enabled",
        "branch_protection_rule": _EDITED,
        "check_run": "completed created requested_action rerequested",
        "check_suite": "completed requested rerequested",
        "code_scanning_alert": "appeared_in_branch closed_by_user created fixed reopened reopened_by_user",
        "commit_comment": "created",
        "create": "",
        "custom_property": "created deleted promote_to_enterprise updated",
        "custom_property_values": "updated",
        "delete": "",
        "dependabot_alert": f"auto_dismissed auto_reopened {_ALERT} reintroduced",
        "deploy_key": "created deleted",
        "deployment": "created",
        "deployment_protection_rule": "requested",
        "deployment_review": "approved rejected requested",
        "deployment_status": "created",
        "discussion": "answered category_changed closed created deleted edited labeled locked pinned reopened "
        "transferred unanswered unlabeled unlocked unpinned",
        "discussion_comment": _EDITED,
        "fork": "",
        "github_app_authorization": "revoked",
        "gollum": "",
        "installation": "created deleted new_permissions_accepted suspend unsuspend",
        "installation_repositories": "added removed",
        "installation_target": "renamed",
        "issue_comment": "created deleted edited pinned unpinned",
        "issue_dependencies": "blocked_by_added blocked_by_removed blocking_added blocking_removed",
        "issues": "assigned closed deleted demilestoned edited labeled locked milestoned opened pinned reopened "
        "transferred typed unassigned unlabeled unlocked unpinned untyped",
        "label": _EDITED,
        "marketplace_purchase": "cancelled changed pending_change pending_change_cancelled purchased",
        "member": "added edited removed",
        "membership": "added removed",
        "merge_group": "checks_requested destroyed",
        "meta": "deleted",
        "milestone": "closed created deleted edited opened",
        "org_block": "blocked unblocked",
        "organization": "deleted member_added member_invited member_removed renamed",
        "package": "published updated",
        "page_build": "",
        "personal_access_token_request": "approved cancelled created denied",
        "ping": "",
        "project": "closed created deleted edited reopened",
        "project_card": "converted created deleted edited moved",
        "project_column": "created deleted edited moved",
        "projects_v2": "closed created deleted edited reopened",
        "projects_v2_item": "archived converted created deleted edited reordered restored",
        "projects_v2_status_update": _EDITED,
        "public": "",
        "pull_request": "assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned "
        "dequeued edited enqueued labeled locked milestoned opened ready_for_review reopened review_request_removed "
        "review_requested synchronize unassigned unlabeled unlocked",
        "pull_request_review": "dismissed edited submitted",
        "pull_request_review_comment": _EDITED,
        "pull_request_review_thread": "resolved unresolved",
        "push": "",
        "registry_package": "published updated",
        "release": "created deleted edited prereleased published released unpublished",
        "repository": "archived created deleted edited privatized publicized renamed transferred unarchived",
        "repository_advisory": "published reported",
        "repository_dispatch": "anything-a-person-chose",
        "repository_import": "",
        "repository_ruleset": _EDITED,
        "repository_vulnerability_alert": "create dismiss reopen resolve",
        "secret_scanning_alert": "created publicly_leaked reopened resolved validated",
        "secret_scanning_alert_location": "created",
        "secret_scanning_scan": "completed",
        "security_advisory": "published updated withdrawn",
        "security_and_analysis": "",
        "sponsorship": "cancelled created edited pending_cancellation pending_tier_change tier_changed",
        "star": "created deleted",
        "status": "",
        "sub_issues": "parent_issue_added parent_issue_removed sub_issue_added sub_issue_removed",
        "team": "added_to_repository created deleted edited removed_from_repository",
        "team_add": "",
        "watch": "started",
        "workflow_dispatch": "",
        "workflow_job": "completed in_progress queued waiting",
        "workflow_run": "completed in_progress requested",
    }
)
"""Every event that GitHub documents, and its actions; those without an action send none."""

READ = ("issues", "issue_comment", "pull_request", "pull_request_review", "check_run")
"""The events that people and their words come with."""

OF_INSTALLATIONS = ("installation", "installation_repositories", "repository", "merge_group")
HEARD = (
    *(*READ, "pull_request_review_comment", "check_suite", "status", "push", "repository_dispatch"),
    *OF_INSTALLATIONS,
)
"""The events that mean something here."""


@dataclass(frozen=True)
class Place:
    """The repository, its installation and a person, as the GitHub of the test knows them."""

    repository_id: int
    installation_id: int
    owner: str
    name: str
    login: str


def user(login: str, number: int = 9) -> Json:
    return {"login": login, "id": number, "node_id": f"U_{number}", "type": "User", "site_admin": False}


def payload(place: Place, event: str, action: str) -> Json:
    """The payload of the event: what all of them carry, and the objects that this one is about."""
    body: Json = {"action": action} if action else {}
    body |= {name: make(place) for name, make in _OBJECTS.items() if name in _about(event, action)}
    body["repository"] = _repository(place)
    body["sender"] = user(place.login)
    body["installation"] = {"id": place.installation_id, "node_id": "I_1"}
    if event in {"installation", "installation_repositories"}:
        body["installation"] |= {"account": user(place.owner), "repository_selection": "selected"}
    if action == "edited":
        body["changes"] = {"body": {"from": "/help before"}, "title": {"from": "an older title"}}
    if event == "check_run" and action == "requested_action":
        body["requested_action"] = {"identifier": "approve"}
    if event == "push":
        body |= {"ref": "refs/heads/main", "before": SHA, "after": SHA, "commits": [], "head_commit": None}
    if event in {"create", "delete", "status"}:
        body |= {"ref": "main", "ref_type": "branch", "sha": SHA, "state": "success", "branches": []}
    if event == "ping":
        body |= {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"type": "App", "events": ["issues"]}}
    return body


def every(place: Place) -> Iterator[tuple[str, bytes]]:
    """One payload for each event and action."""
    for event, actions in ACTIONS.items():
        for action in actions.split() or [""]:
            yield event, json.dumps(payload(place, event, action)).encode()


def odd(place: Place) -> Iterator[tuple[str, str, bytes]]:
    """What is odd, the event, and the payload: each oddity in each of the events that mean something here."""
    for event in READ:
        action = {"issues": "labeled", "issue_comment": "created", "pull_request": "closed"}.get(event, "submitted")
        whole = payload(place, event, "requested_action" if event == "check_run" else action)
        for name, change in _ODDITIES.items():
            changed = json.loads(json.dumps(whole))
            change(changed)
            yield name, event, json.dumps(changed).encode()
        for name, body in _raw(whole).items():
            yield name, event, body


def _about(event: str, action: str) -> set[str]:
    names = {
        "issues": {"issue", "label", "assignee", "milestone"},
        "issue_comment": {"issue", "comment"},
        "issue_dependencies": {"issue"},
        "sub_issues": {"issue"},
        "pull_request": {"pull_request", "number", "label"},
        "pull_request_review": {"pull_request", "review"},
        "pull_request_review_comment": {"pull_request", "comment"},
        "pull_request_review_thread": {"pull_request", "thread"},
        "commit_comment": {"comment"},
        "check_run": {"check_run"},
        "check_suite": {"check_suite"},
        "label": {"label"},
        "milestone": {"milestone"},
    }.get(event, {event})
    return names - {"label"} if action not in {"labeled", "unlabeled"} and event != "label" else names


def _repository(place: Place) -> Json:
    return {
        "id": place.repository_id,
        "node_id": "R_1",
        "name": place.name,
        "full_name": f"{place.owner}/{place.name}",
        "owner": user(place.owner, 8) | {"type": "Organization"},
        "private": False,
        "default_branch": "main",
        "archived": False,
    }


def _issue(place: Place) -> Json:
    return {
        "id": 1,
        "number": 1,
        "node_id": "I_kwDO1",
        "title": "Something",
        "body": "A sentence.\r\n\r\nAnother.",
        "user": user(place.login),
        "labels": [_label(place)],
        "state": "open",
        "locked": False,
        "assignee": None,
        "milestone": None,
        "author_association": "MEMBER",
        "created_at": AT,
        "updated_at": AT,
        "closed_at": None,
    }


def _label(_: Place) -> Json:
    return {"id": 3, "name": "bug", "color": "d73a4a", "description": None, "default": True}


def _comment(place: Place) -> Json:
    return {
        "id": 5,
        "node_id": "IC_5",
        "body": "/help",
        "user": user(place.login),
        "author_association": "MEMBER",
        "created_at": AT,
        "updated_at": AT,
    }


def _pull(place: Place) -> Json:
    side = {"ref": "topic", "sha": SHA, "user": user(place.login), "repo": _repository(place)}
    return _issue(place) | {"head": side, "base": side | {"ref": "main"}, "draft": False, "merged": False}


def _review(place: Place) -> Json:
    review = {"id": 6, "node_id": "PRR_6", "state": "approved", "body": None, "commit_id": SHA, "submitted_at": AT}
    return review | {"user": user(place.login)}


def _check(_: Place) -> Json:
    check = {"id": 7, "name": "pullwright/approval", "head_sha": SHA, "status": "completed", "conclusion": "neutral"}
    return check | {"external_id": "", "app": {"id": 1, "slug": "pullwright"}, "pull_requests": [{"number": 1}]}


_OBJECTS: Mapping[str, Callable[[Place], Any]] = {
    "issue": _issue,
    "label": _label,
    "comment": _comment,
    "pull_request": _pull,
    "number": lambda _: 1,
    "review": _review,
    "check_run": _check,
    "check_suite": lambda _: {"id": 8, "head_sha": SHA, "head_branch": None, "pull_requests": [], "app": {"id": 1}},
    "thread": lambda place: {"node_id": "PRRT_1", "comments": [_comment(place)]},
    "assignee": lambda place: user(place.login),
    "milestone": lambda _: None,
    **{
        event: lambda _: {"id": 1, "node_id": "X_1", "name": "x", "created_at": AT}
        for event in ACTIONS
        if event not in {*READ, "issues", "label", "milestone", "check_suite", "push", "ping", "create", "delete"}
    },
}


def _everywhere(value: Any, change: Callable[[str, Any], Any]) -> Any:
    """Change every leaf, in place where it stands; `change` is told its name."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in list(items):
        if isinstance(item, dict | list):
            _everywhere(item, change)
        else:
            value[name] = change(str(name), item)


def _texts(text: str) -> Callable[[Json], None]:
    """Words that people chose become this; what GitHub chose stays."""
    chosen = {"title", "body", "name", "description", "from", "identifier"}

    def change(payload: Json) -> None:
        repository = copy.deepcopy(payload["repository"])
        _everywhere(payload, lambda name, item: text if name in chosen else item)
        payload["repository"] = repository

    return change


def _leaves(kind: type, new: Any) -> Callable[[Json], None]:
    return lambda payload: _everywhere(payload, lambda _, item: copy.copy(new) if type(item) is kind else item)


def _without(*names: str) -> Callable[[Json], None]:
    return lambda payload: [payload.pop(name, None) for name in names] and None


def _set(**values: Any) -> Callable[[Json], None]:
    return lambda payload: payload.update(values)


def _ghosts(payload: Json) -> None:
    """GitHub shows a deleted account as null."""
    for name, item in payload.items():
        if isinstance(item, dict) and name != "repository" and "user" in item:
            payload[name] = item | {"user": None}


def _deep(payload: Json) -> None:
    nest: Any = "the end"
    for _ in range(150):
        nest = {"more": [nest]}
    payload["issue" if "issue" in payload else "extra"] = nest


_ODDITIES: Mapping[str, Callable[[Json], None]] = {
    "no sender": _set(sender=None),
    "sender left out": _without("sender"),
    "no installation": _without("installation"),
    "installation null": _set(installation=None),
    "repository null": _set(repository=None),
    "action null": _set(action=None),
    "action a number": _set(action=3),
    "action of 2031": _set(action="x" * 500),
    "deleted accounts": _ghosts,
    "a bot as the sender": _set(sender=user("helper", 3) | {"login": "helper[bot]", "type": "Bot"}),
    "nothing but the action": lambda payload: [payload.pop(name) for name in set(payload) - {"action"}] and None,
    "numbers beyond 64 bits": _leaves(int, 2**70),
    "negative numbers": _leaves(int, -1),
    "numbers as text": _leaves(int, "1"),
    "numbers with a fraction": _leaves(int, 1.5),
    "text as numbers": _leaves(str, 7),
    "nothing but nulls": lambda payload: _everywhere(payload, lambda *_: None),
    "lists in place of text": _leaves(str, ["x"]),
    "empty text": _leaves(str, ""),
    "text of 60,000 characters": _texts("/help " + "ä" * 60_000),
    "emoji and two directions": _texts("/help \N{FAMILY}\u202e\u2066 \N{ARABIC LETTER ALEF}\u0301 🏳️‍🌈"),
    "NUL": _texts("/help \x00 nul"),
    "half a character": _texts("/help \ud800 half"),
    "control characters": _texts("/help \x1b[2J\x07\x7f\x85"),
    "deep": _deep,
}


def _raw(payload: Json) -> Mapping[str, bytes]:
    """What no JSON writer makes."""
    text = json.dumps(payload)
    return {
        "keys that come twice": (text[:-1] + ', "action": "deleted", "sender": null, "repository": 3}').encode(),
        "not a number": (text[:-1] + ', "extra": [NaN, Infinity, 1e999]}').encode(),
        "spaces and lines": json.dumps(payload, indent=4).replace("\n", "\r\n").encode(),
        "another encoding": text.encode("utf-16"),
    }
