"""A check run's annotations are sent fifty at a time and stay: however often a worker dies between two requests, each
stands there once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from core.effects import Annotation, PutCheck
from core.github import CheckRun, CheckStatus, Conclusion, GitHub
from core.names import Sha
from handlers.replies.checks import HOLD, HOW_TO_APPROVE, REJECT, folded
from jobs.effects import Outside, checks

HEAD = Sha("a" * 40)
OURS = 7


class Died(BaseException):
    pass


@dataclass
class OneCheck:
    """GitHub's side of one check run: it appends what it is sent, and the worker dies behind request number `dies`."""

    dies: int | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    made: bool = False
    notes: list[str] = field(default_factory=list)

    async def check_runs(self, sha: Sha) -> list[CheckRun]:
        return [self._shown()] if self.made else []

    async def create_check(self, fields: Mapping[str, Any]) -> CheckRun:
        assert not self.made
        self.made = True
        return self._taken(fields)

    async def update_check(self, check_id: int, fields: Mapping[str, Any]) -> CheckRun:
        return self._taken(fields)

    def _taken(self, fields: Mapping[str, Any]) -> CheckRun:
        sent = fields["output"].get("annotations", [])
        assert len(sent) <= 50
        self.requests.append(dict(fields))
        self.notes += [one["message"] for one in sent]
        if self.dies == len(self.requests):
            raise Died
        return self._shown()

    def _shown(self) -> CheckRun:
        return CheckRun(
            id=1,
            name="pullwright/policy",
            head_sha=HEAD,
            external_id="r:policy",
            status=CheckStatus.completed,
            conclusion="success",
            app_id=OURS,
            annotations=len(self.notes),
        )


def check(count: int, **more: Any) -> PutCheck:
    notes = tuple(
        Annotation(path="a.py", line=n + 1, message=f"note {n}", level="warning", title="t") for n in range(count)
    )
    return PutCheck(
        **{
            "name": "pullwright/policy",
            "head_sha": HEAD,
            "external_id": "r:policy",
            "status": CheckStatus.completed,
            "conclusion": Conclusion.success,
            "title": "t",
            "summary": "s",
            "annotations": notes,
        }
        | more
    )


def outside(github: OneCheck) -> Outside:
    return Outside(github=cast("GitHub", github), app_id=OURS, key="k", intended_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3), (200, 4)])
async def test_annotations_are_sent_fifty_at_a_time(count: int, requests: int) -> None:
    github = OneCheck()
    await checks.put(check(count), outside(github))
    assert len(github.requests) == requests
    assert github.notes == [f"note {n}" for n in range(count)]


@pytest.mark.parametrize("dies", [1, 2, 3, 4])
async def test_a_worker_that_dies_between_two_batches_leaves_none_out_and_repeats_none(dies: int) -> None:
    github = OneCheck(dies=dies)
    with pytest.raises(Died):
        await checks.put(check(200), outside(github))
    github.dies = None
    await checks.put(check(200), outside(github))
    await checks.put(check(200, title="again"), outside(github))
    assert github.notes == [f"note {n}" for n in range(200)]


async def test_an_annotation_has_its_level_and_no_column_where_the_whole_line_is_meant() -> None:
    github = OneCheck()
    await checks.put(check(1), outside(github))
    (sent,) = github.requests[0]["output"]["annotations"]
    assert sent == {
        "path": "a.py",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "warning",
        "title": "t",
        "message": "note 0",
    }


async def test_texts_and_buttons_stay_within_what_github_takes() -> None:
    github = OneCheck()
    buttons = (HOW_TO_APPROVE, REJECT, HOLD, HOLD)
    await checks.put(check(0, text="x" * 70_000, title="t" * 300, buttons=buttons), outside(github))
    sent = github.requests[0]
    assert len(sent["output"]["text"]) == 65_535
    assert sent["output"]["text"].endswith("*(cut: too long for a check run)*")
    assert len(sent["output"]["title"]) == 255
    assert [one["identifier"] for one in sent["actions"]] == ["how", "reject", "hold"]


def test_what_is_folded_away_is_cut_at_a_line_and_still_closed() -> None:
    text = folded("All", "\n".join(["ä" * 100] * 1_000))
    assert len(text.encode()) < 65_535
    assert text.endswith("too long for a check run)*\n\n</details>")
    assert folded("All", "short") == "<details><summary>All</summary>\n\nshort\n\n</details>"
