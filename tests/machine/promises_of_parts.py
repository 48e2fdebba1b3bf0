"""What the promises mean for runs that ask and that have parts: an item is done once, an answer is somebody's."""

from collections import Counter

from world_facts import Facts

from core.states import TERMINAL


def every_part_is_begun_once(facts: Facts) -> list[str]:
    """One run for each attempt at each item of a list."""
    begun = Counter((run.parent_id, run.part.step, run.part.index, run.part.attempt) for run in facts.parts if run.part)
    return [f"{part} was begun {times} times" for part, times in begun.items() if times > 1]


def every_item_comes_back_once(facts: Facts) -> list[str]:
    """What came of a run for an item is told once by the journal of the whole."""
    settled = Counter(
        (run, one.facts["step"], one.facts["index"], one.facts["attempt"])
        for run, (journal, _) in facts.journals.items()
        for one in journal
        if one.name in {"part.merged", "part.failed"}
    )
    return [f"{item} came back {times} times" for item, times in settled.items() if times > 1]


def no_part_outlives_its_run(facts: Facts) -> list[str]:
    """When all is quiet: whatever belongs to a run that is over is over as well."""
    over = {run.id for run in facts.runs if run.state in TERMINAL}
    return [
        f"the part {run.id} is {run.state}, and the run {run.parent_id} is over"
        for run in facts.parts
        if run.parent_id in over and run.state not in TERMINAL
    ]


def every_answer_is_somebodys(facts: Facts) -> list[str]:
    """A run goes on with the words of a comment that is there, by the person who is named, and with one answer."""
    said = {
        comment.id: (comment.author.login, comment.body)
        for issue in facts.issues
        for comment in issue.comments
        if comment.app is None
    }
    broken, taken = [], Counter[tuple[str, str]]()
    for run, (journal, _) in facts.journals.items():
        for one in (event for event in journal if event.name == "answer.taken"):
            taken[run, one.facts["step"]] += 1
            author, words = said.get(one.facts["comment"], ("nobody", ""))
            if (author, words) != (one.facts["by"], f"/answer {one.facts['answer']}"):
                broken.append(f"the answer {one.facts['answer']!r} of the run {run} is not what @{author} said")
            if author not in facts.once_wrote:
                broken.append(f"@{author} answered the run {run}, and never could start one")
    return broken + [f"{question} was answered {times} times" for question, times in taken.items() if times > 1]
