"""A repository's own workflow in which every kind of step has a part, and people who take it to its merge."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from crash_service import Mortal, Told, open_mortal
from story_sources import UNITTEST, policy
from story_trust import DONE, NEW, OLD, PATH, PLAN

from bot.demo.github.people import OtherApp
from core.runs import Waiting
from core.states import TERMINAL
from core.workflow import Composite, Foreach, Step, Workflow, parse
from core.workflow.catalogue import FOLDER, File, catalogue

NAME = "everything"
ANSWER = "the second"
PATIENCE_SECONDS = 900.0
"""Some thirty deaths one after the other, and the leases of all of them run out."""
EVERYTHING = """
name: everything
on: {command: everything}
steps:
  - {id: triage, uses: triage}
  - {id: note, write: {path: notes.txt, content: "about ${{ subject.title }}"}}
  - {id: words, run: {script: "wc -w < notes.txt > words.txt; cat words.txt", writes: true}, capture: {format: number}}
  - {id: counted, uses: count, with: {word: return}}
  - id: mended
    run: {script: 'test "$COUNTED" -ge 1 -a -e mended.txt'}
    env: {COUNTED: "${{ steps.counted.places }}"}
    timeout: 1m
    on_failure:
      - {id: mend, run: {script: "touch mended.txt", writes: true}}
  - {id: extra, run: "exit 1", continue_on_error: true}
  - {id: flaky, run: "exit 1", retry: {attempts: 2, delay: 1s, jitter: false}, continue_on_error: true}
  - {id: baseline, check: {uses: tests}, expect: any}
  - {id: plan, agent: {role: architect, prompt: plan, output: Plan, writes: false}}
  - {id: plan-approved, gate: {binds: plan}}
  - {id: say, github: {comment: "It has ${{ steps.words.output }} words.", label: [bug], assign: [ada]}}
  - {id: pause, wait: 1s}
  - {id: which, ask: {question: "Which one?"}}
  - id: each
    foreach:
      in: [1, 2, 3, 4]
      max_parallel: 2
      collect: "${{ item }}"
      steps:
        - id: make
          run: {script: "echo $N > item-$N.txt; test $N -lt 3 || echo $N > last.txt; test $N -ne 2", writes: true}
          env: {N: "${{ item }}"}
        - {id: fine, check: {uses: fine}}
  - {id: sub, workflow: {name: note, with: {words: "${{ steps.which.answer }}"}}}
  - id: task
    agent: {role: writer, task: "Write it down."}
    with: {answer: "${{ steps.which.answer }}"}
    goal:
      run: test -e second.txt && echo '{"score":100}' || echo '{"score":40,"gaps":["no second"]}'
      attempts: 2
  - {id: change, agent: {role: implementer, prompt: implement}}
  - {id: red, run: {script: "touch red.txt", writes: true}}
  - {id: mendable, check: {uses: fine}, repair: {role: implementer, attempts: 2}}
  - {id: tests, check: {uses: tests}}
  - {id: review, agent: {role: reviewer, prompt: review, output: Opinion, writes: false}}
  - {id: ship, ship: {title: "do everything", summary: "Answered: ${{ steps.which.answer }}"}}
  - {id: ci, wait: {checks: green, names: [build]}}
  - {id: ready, ready: {request_review: requester}}
  - {id: change-approved, gate: {binds: change}}
  - {id: merge, merge: {method: squash}, when: "${{ policy.merge == 'bot' }}"}
"""
COUNT = """
name: count
inputs: {word: {type: string}}
steps:
  - {id: find, run: 'grep -rhoe "$WORD" slugs | wc -l', env: {WORD: "${{ inputs.word }}"}, capture: {format: number}}
outputs: {places: "${{ steps.find.output }}"}
"""
NOTE = """
name: note
inputs: {words: {type: string}}
steps:
  - {id: file, write: {path: NOTE.md, content: "${{ inputs.words }}"}}
  - {id: size, run: "wc -c < NOTE.md", capture: {format: number}}
outputs: {size: "${{ steps.size.output }}"}
"""
CHECKS = {"tests": UNITTEST, "fine": {"run": "test ! -e red.txt", "tests": []}}
FILES: Mapping[str, str] = {
    ".github/pullwright.yml": policy(plan={"wait": "always"}, merge="bot", checks=CHECKS),
    f"{FOLDER}/{NAME}.yml": EVERYTHING,
    f"{FOLDER}/note.yml": NOTE,
    ".github/pullwright/steps/count.yml": COUNT,
}
SCRIPT: Mapping[str, Any] = {
    "plan": [{"submit": PLAN}],
    "each/merge:0:3": [{"write": {"path": "last.txt", "content": "3 and 4\n"}}, {"submit": DONE}],
    "task/goal:1": [{"write": {"path": "first.txt", "content": "1\n"}}, {"submit": DONE}],
    "task/goal:2": [{"write": {"path": "second.txt", "content": "2\n"}}, {"submit": DONE}],
    "change": [{"edit": {"path": PATH, "old": OLD, "new": NEW}}, {"submit": DONE}],
    "mendable/repair": [{"run": "rm red.txt"}, {"submit": DONE}],
}


def workflow() -> Workflow:
    """The workflow as a run pins it, with all that it names."""
    found = catalogue({}, [File(path, text) for path, text in FILES.items() if path != ".github/pullwright.yml"])
    made = found.get(NAME)
    assert made is not None
    assert made.mistakes == ()
    return parse(made.text, f"{NAME}.yml")


def every_step(workflow: Workflow) -> Iterator[Step]:
    """The steps of this workflow, and those within them."""

    def below(steps: tuple[Step, ...]) -> Iterator[Step]:
        for step in steps:
            yield step
            yield from below(step.on_failure)
            if isinstance(step.action, Foreach | Composite):
                yield from below(step.action.steps)

    yield from below(workflow.steps)


def open_every_kind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, database: str | None = None
) -> AbstractAsyncContextManager[Mortal]:
    """The service with two workers for runs; every repository in it has the workflow."""
    return open_mortal(folder, monkeypatch, database=database, script=SCRIPT, files=FILES, workers=2)


async def everything(mortal: Mortal, name: str) -> Told:
    """An issue, the command, and whatever the run waits for: over when it has ended."""
    repository = await mortal.repository(name)
    requester, approver = mortal.town.requester.at(repository), mortal.town.approver.at(repository)
    ci = OtherApp(mortal.town.github.world, "acme-ci", repository)
    issue = await requester.open_issue("Join words", "Words are joined with too many hyphens.")
    await requester.comment(issue, f"/{NAME}")
    met: set[Waiting] = set()
    async for run in mortal.looks(repository, issue.number, PATIENCE_SECONDS):
        if run.state in TERMINAL:
            return Told(repository, run)
        if run.state != "waiting" or run.waiting is None:
            continue
        once = run.waiting.model_copy(update={"why": "", "not_before": None})
        if once in met:
            continue
        met.add(once)
        match run.waiting.what:
            case "answer":
                await requester.comment(issue, f"/answer {ANSWER}")
            case "checks":
                (pull,) = [one.pull for one in repository.pulls if one.pull is not None]
                await ci.check(pull.head_sha, "build", "success")
            case "approval" if run.pull_number is None:
                await approver.comment(issue, f"/approve {(run.waiting.digest or '')[:12]}")
            case "approval":
                await approver.approve(run.pull_number)
    raise AssertionError("looks() ends by an error only")
