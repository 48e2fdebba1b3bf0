"""Deliveries become events, or are ignored with a reason; nothing in them makes the parser fail."""

import json

import pytest
from facts_at_hand import REPO, issue_part, payload
from hypothesis import given
from hypothesis import strategies as st

from handlers import HANDLERS, handler_of
from handlers.event import Event, Ignored, Told
from handlers.events import IssueLabeled
from handlers.reading import parse


def why(name: str, body: bytes) -> str:
    found = parse(name, body)
    assert isinstance(found, Ignored)
    return found.why


def test_a_label_event_says_where_to_look():
    found = parse("issues", payload("labeled", issue=issue_part(), label={"name": "pullwright:implement"}))
    assert isinstance(found, IssueLabeled)
    assert (found.repo, found.number, found.label) == (REPO, 3, "pullwright:implement")
    assert (found.sender.login, found.sender.is_bot) == ("ada", False)


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("ping", b"{}", "nothing listens to ping"),
        ("issues", payload("pinned", issue=issue_part()), "nothing listens to issues.pinned"),
        ("issues", payload("labeled", issue=issue_part()), "issues.labeled without a label"),
        ("issues", payload("opened", issue=issue_part(pull_request={})), "a pull request, seen as an issue"),
        ("issues", b"[]", "the issues payload is not as GitHub describes it: the body"),
        ("issues", b"not json", "the issues payload is not as GitHub describes it: the body"),
        ("issues", payload("opened"), "the issues payload is not as GitHub describes it: issue"),
        (
            "issues",
            payload("opened", issue=issue_part(number="x")),
            "the issues payload is not as GitHub describes it: issue.number",
        ),
        (
            "check_run",
            payload("completed", check_run={"id": 1, "head_sha": "a" * 40, "app": {"id": 7}}),
            "a check on a branch that is no run's",
        ),
        (
            "check_run",
            payload(
                "requested_action",
                check_run={"id": 1, "head_sha": "a" * 40, "app": {"id": 7}},
                requested_action={"identifier": "approve"},
            ),
            "a button on a check run that belongs to no pull request of this repository",
        ),
        (
            "issue_comment",
            payload(
                "edited",
                issue=issue_part(),
                comment={"id": 1, "node_id": "x", "body": "a", "updated_at": "2026-01-01T00:00:00Z"},
            ),
            "an edit that leaves the words as they were",
        ),
    ],
)
def test_what_means_nothing_to_us_is_ignored_with_its_reason(name, body, reason):
    assert why(name, body) == reason


@pytest.mark.parametrize(
    "repository",
    [
        {"id": 1, "name": "../../etc", "owner": {"login": "acme", "id": 2}},
        {"id": 1, "name": "site", "owner": {"login": "a/b", "id": 2}},
        {"id": 1, "name": "site\n", "owner": {"login": "acme", "id": 2}},
    ],
)
def test_names_that_github_would_not_allow_are_refused(repository):
    body = json.loads(payload("opened", issue=issue_part())) | {"repository": repository}
    assert why("issues", json.dumps(body).encode()).startswith("the issues payload is not as GitHub describes it: repo")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["issues", "issue_comment", "pull_request", "pull_request_review", "check_run", "push", ""]),
    st.sampled_from(["opened", "labeled", "created", "edited", "closed", "submitted", "requested_action"]),
    st.dictionaries(st.sampled_from(["issue", "comment", "review", "pull_request", "check_run", "label"]), json_values),
)
def test_no_payload_makes_the_parser_fail(name, action, parts):
    parse(name, payload(action, **parts))


@given(st.sampled_from(["issues", "issue_comment"]), st.binary())
def test_no_bytes_make_the_parser_fail(name, body):
    assert isinstance(parse(name, body), Ignored)


def test_every_event_has_exactly_one_handler():
    listened = [handler.EVENT for handler in HANDLERS]
    assert len(set(listened)) == len(listened)
    assert set(listened) == {*Event.__subclasses__(), *Told.__subclasses__()} - {Told}
    assert all(handler.EVENT is one for one in listened if (handler := handler_of(one.model_construct())))
