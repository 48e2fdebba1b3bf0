"""`app.yml`: least permissions, and the events that our handlers hear."""

import pytest
import yaml

PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "actions": "read",
    "statuses": "read",
    "merge_queues": "read",
    "members": "read",
}
EVENTS = {
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "check_run",
    "check_suite",
    "status",
    "push",
    "merge_group",
    "repository",
    "repository_dispatch",
}


def test_the_manifest_asks_for_exactly_what_is_needed(request: pytest.FixtureRequest) -> None:
    manifest = yaml.safe_load((request.config.rootpath / "app.yml").read_text())
    assert manifest["default_permissions"] == PERMISSIONS
    assert set(manifest["default_events"]) == EVENTS
    assert len(manifest["default_events"]) == len(EVENTS)
    assert manifest["public"] is False
    assert set(manifest) <= {
        "name",
        "url",
        "description",
        "public",
        "hook_attributes",
        "default_permissions",
        "default_events",
    }
