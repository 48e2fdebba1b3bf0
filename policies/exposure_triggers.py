"""Which events of GitHub Actions the bot's push and pull request cause, and what runs on each.

Two questions matter for every event. Does the run take its code from our branch, or from the repository's own? And does
`[skip ci]` in the head commit stop it? GitHub says that of `push` and `pull_request` only:
https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs. The events and what each runs on:
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from policies.exposure_conditions import UNKNOWN, Known, Neutral, Unknown, Value
from policies.exposure_filters import Unclear, lets_through
from policies.exposure_yaml import Plain, Unreadable, mapping, rows, words


@dataclass(frozen=True, slots=True)
class Offer:
    """What the bot is about to do: push this branch, and open a pull request from it in the same repository."""

    repository: str
    """`owner/name`."""
    branch: str
    base: str
    paths: tuple[str, ...] | None = None
    """What the change touches; None while nobody knows, which counts as anything."""


@dataclass(frozen=True, slots=True)
class Event:
    """What an event means for what the bot offers."""

    runs: Literal["ours", "base"]
    """`ours`: the code of our branch; `base`: the repository's own, unless the workflow takes ours."""
    marker_stops: bool


EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        "push": Event("ours", marker_stops=True),
        "pull_request": Event("ours", marker_stops=True),
        "create": Event("ours", marker_stops=False),
        # A service that deploys branches answers a push so, and what is deployed is our commit.
        "deployment": Event("ours", marker_stops=False),
        "deployment_status": Event("ours", marker_stops=False),
        "pull_request_target": Event("base", marker_stops=False),
        "workflow_run": Event("base", marker_stops=False),
        "check_run": Event("base", marker_stops=False),
        "check_suite": Event("base", marker_stops=False),
        "issue_comment": Event("base", marker_stops=False),
    }
)
"""Events that the bot causes, itself or through a service that listens to it."""

OF_OTHERS = frozenset(
    [
        "branch_protection_rule",
        "delete",
        "discussion",
        "discussion_comment",
        "fork",
        "gollum",
        "image_version",
        "issues",
        "label",
        "merge_group",
        "milestone",
        "page_build",
        "project",
        "project_card",
        "project_column",
        "public",
        "pull_request_review",
        "pull_request_review_comment",
        "registry_package",
        "release",
        "repository_dispatch",
        "schedule",
        "status",
        "watch",
        "workflow_call",
        "workflow_dispatch",
    ]
)
"""Events that a person or a clock causes: a review by somebody who looks at the change, a tag, the time of day."""

FILTERS = frozenset(
    {"branches", "branches-ignore", "paths", "paths-ignore", "tags", "tags-ignore", "types", "workflows"}
)
"""What an event may be narrowed down by."""

ANY_OF_THEM = ("create", "deployment", "pull_request_target", "workflow_run", "check_", "issue_comment")
"""Words of which one stands in every file that listens to something which the marker does not stop."""


def events_of(on: Plain) -> dict[str, dict[str, Plain]]:
    """The events of an `on:`, with what each says besides. Raises Unreadable."""
    if on is None:
        raise Unreadable("the file says not what starts it (`on`)")
    if isinstance(on, dict):
        named = {name: mapping(said) if name != "schedule" else {} for name, said in on.items()}
    else:
        named = {name: {} for name in words(rows(on))}
    for said in named.values():
        for filtered in FILTERS & said.keys():
            words(said[filtered])
    if unknown := sorted(named.keys() - EVENTS.keys() - OF_OTHERS):
        raise Unreadable(f"it listens to `{unknown[0][:40]}`, which is no event that is known")
    return named


def caused(name: str, said: Mapping[str, Plain], offer: Offer, causing: Iterable[str] | None) -> bool:
    """Whether what the bot does causes this event as far as its filters tell. A filter that is unclear lets it through.

    `causing` names the workflows that our push or pull request starts, to which `workflow_run` chains, in lower case;
    None where that may be any.
    """
    match name:
        case "push":
            of_tags = {"tags", "tags-ignore"} & said.keys()
            if of_tags and not {"branches", "branches-ignore"} & said.keys():
                return False
            return _passes(said, "branches", [offer.branch]) and _touches(said, offer)
        case "pull_request" | "pull_request_target":
            return _passes(said, "branches", [offer.base]) and _touches(said, offer)
        case "workflow_run":
            chains = causing is None or not chained_to(said).isdisjoint(causing)
            return chains and _passes(said, "branches", [offer.branch])
        case _:
            return name in EVENTS


def chained_to(said: Mapping[str, Plain]) -> set[str]:
    """The workflows that a `workflow_run` follows, by name in lower case."""
    return {named.strip().lower() for named in words(said.get("workflows"))}


def _touches(said: Mapping[str, Plain], offer: Offer) -> bool:
    return offer.paths is None or _passes(said, "paths", offer.paths)


def _passes(said: Mapping[str, Plain], what: str, names: Sequence[str]) -> bool:
    """Whether one of the names gets through `branches` and `branches-ignore`, or the same of paths."""
    only, but = said.get(what), said.get(f"{what}-ignore")
    try:
        if what in said and not any(lets_through(name, words(only)) for name in names):
            return False
        return f"{what}-ignore" not in said or any(not lets_through(name, words(but)) for name in names)
    except Unclear:
        return True


def known_of(name: str, offer: Offer) -> Known:
    """What is known of the contexts when this event happens, for conditions."""
    known: dict[str, Value] = {
        "github.event_name": name,
        "github.repository": offer.repository,
        "github.event.repository.full_name": offer.repository,
    }
    if EVENTS[name].runs == "ours" and name not in {"pull_request", "deployment", "deployment_status"}:
        return known | {
            "github.ref": f"refs/heads/{offer.branch}",
            "github.ref_name": offer.branch,
            "github.ref_type": "branch",
            "github.head_ref": "",
            "github.base_ref": "",
            "github.event.deleted": False,
        }
    if name in {"pull_request", "pull_request_target"}:
        of_base = name == "pull_request_target"
        return known | {
            "github.ref": f"refs/heads/{offer.base}" if of_base else Unknown("refs/pull/"),
            "github.ref_name": offer.base if of_base else UNKNOWN,
            "github.head_ref": offer.branch,
            "github.base_ref": offer.base,
            "github.event.pull_request.head.ref": offer.branch,
            "github.event.pull_request.base.ref": offer.base,
            "github.event.pull_request.head.repo.full_name": offer.repository,
            "github.event.pull_request.head.repo.fork": False,
            # Whether it is merged is for people to say, who have seen it then.
            "github.event.pull_request.merged": False,
            "github.event.pull_request.user.type": "Bot",
        }
    if name == "workflow_run":
        return known | {
            "github.event.workflow_run.head_branch": offer.branch,
            "github.event.workflow_run.head_repository.full_name": offer.repository,
            "github.event.workflow_run.head_repository.fork": False,
        }
    if name == "issue_comment":
        return known | {"github.event.comment.body": Neutral(), "github.event.comment.user.type": "Bot"}
    return known
