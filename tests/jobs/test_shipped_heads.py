"""The head that the last word about a run's pull request stands on: the one that its newest round pushed."""

from core.names import Digest, Sha
from core.runs import Step
from jobs.checks import shipped_head


def memo(key: str, output: object, state: str = "done") -> Step:
    return Step(key=key, input_hash=Digest("0" * 64), state=state, output=output)


def shipment(key: str, head: str, final: str | None = None) -> Step:
    return memo(key, {"number": 2, "branch": "pullwright/1-a-b", "head": head, "final": final})


def test_the_newest_round_counts_and_a_release_where_there_was_one():
    first, second = shipment("ship", "a" * 40), shipment("ship~2", "b" * 40, "c" * 40)
    assert shipped_head([first, memo("tests", {})]) == Sha("a" * 40)
    assert shipped_head([first, second]) == Sha("b" * 40)
    assert shipped_head([first, second, memo("change-approved~2/released", "c" * 40)]) == Sha("c" * 40)
    assert shipped_head([first, memo("ship~2", None, "started")]) == Sha("a" * 40)
    assert shipped_head([memo("plan", {"form": {}})]) is None
