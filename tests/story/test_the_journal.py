"""The journal of a run: who did what, why, and what it cost, in the order in which it happened."""

from decimal import Decimal
from pathlib import Path

from story_trust import change_waits, quick_world

from adapters.store import events


async def test_the_journal_tells_who_did_what_why_and_at_what_cost(tmp_path: Path) -> None:
    async with quick_world(tmp_path) as world:
        await change_waits(world)
        await world.approver.approve(world.pull_number)
        await world.settle()
        run, journal = await world.run(), await world.journal()

    assert events.verify(journal) is None
    assert [entry.seq for entry in journal] == list(range(1, len(journal) + 1))
    assert [entry.at for entry in journal] == sorted(entry.at for entry in journal)
    changed = journal[9].model_copy(update={"actor": "somebody else"})
    assert events.verify([*journal[:9], changed, *journal[10:]]) == 10

    first, last = journal[0], journal[-1]
    assert (first.name, first.actor, first.facts["source"]) == ("run.queued", "rosa", "label")
    assert (first.facts["workflow"], first.facts["base"]) == ("implement", f"main@{run.base_sha}")
    assert (last.name, last.facts["state"], last.facts["why"]) == ("run.ended", "succeeded", "#2 is merged")

    steps = [entry.facts["step"] for entry in journal if entry.name == "step.finished"]
    assert " ".join(steps) == (
        "triage baseline research plan plan-approved change tests review ship ready change-approved merge"
    )
    assert steps == [entry.facts["step"] for entry in journal if entry.name == "step.started"]

    people = [(entry.name, entry.actor) for entry in journal if entry.actor != "pullwright"]
    assert people == [
        ("run.queued", "rosa"),
        *[("signal.approve", "ada"), ("approval.granted", "ada"), ("signal.applied", "ada")] * 2,
    ]
    asked = [entry.facts for entry in journal if entry.name == "run.waiting"]
    granted = [entry.facts for entry in journal if entry.name == "approval.granted"]
    assert [fact["person"] for fact in asked] == ["ada", "ada"]
    assert [fact["digest"] for fact in granted] == [fact["digest"] for fact in asked]
    assert [fact["rule"] for fact in granted] == ["@ada has the role `maintain`."] * 2

    intended = [entry.facts["effect"] for entry in journal if entry.name == "effect.intended"]
    assert sorted(intended) == sorted(entry.facts["effect"] for entry in journal if entry.name == "effect.done")
    spent = sum(Decimal(str(entry.facts["cost_usd"])) for entry in journal if entry.name == "model.replied")
    assert spent > 0
    assert Decimal(str(last.facts["cost_usd"])) == spent
