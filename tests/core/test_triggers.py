"""What starts a workflow by itself, as its file says it: each mistake with its place, and nothing starts unheard."""

import pytest

from core.errors import DocumentInvalid
from core.workflow import parse


def mistakes(on: str, steps: str = "[{id: look, uses: triage}]") -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        parse(f"name: watch\non: {on}\nsteps: {steps}\n", "watch.yml")
    return list(caught.value.mistakes)


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("{issues: {types: [opend]}}", "2:23: `on.issues.types.0`: input should be 'opened' or 'labeled'"),
        ("{issues: {types: []}}", "2:22: `on.issues.types`: tuple should have at least 1 item after validation, not 0"),
        ("{issues: {lables: [bug]}}", "2:23: unknown key `lables`; did you mean `labels`?"),
        ("{issues: {labels: ['!bug']}}", "2:24: `on.issues.labels.0`: the glob `!bug` begins with `!`"),
        (
            "{pull_request: {types: [closed]}}",
            "2:29: `on.pull_request.types.0`: input should be 'opened', 'synchronize', 'reopened', 'ready_for_review'",
        ),
        ("{checks: {conclusion: bad}}", "2:27: `on.checks.conclusion`: input should be 'failure' or 'timed_out'"),
        ("{push: }", "2:11: `on.push`: nothing is said: write `{}` to hear all of them, or leave it out"),
        ("{hook: Big Name}", "2:12: `on.hook`: string should match pattern"),
        ("{schedule: [{cron: 0 6 * *}]}", "2:24: `on.schedule.0.cron`: `0 6 * *` has 4 fields: write minute, hour"),
        (
            "{schedule: [{cron: 0 6 * * *, timezone: Berlin}]}",
            "2:45: `on.schedule.0.timezone`: `Berlin` is no time zone: write one such as `UTC` or `Europe/Berlin`",
        ),
        ("{schedule: [{timezone: UTC}]}", "2:17: `on.schedule.0.cron`: field required"),
    ],
)
def test_a_mistake_is_told_with_its_place(on: str, found: str) -> None:
    (line,) = mistakes(on)
    assert line.startswith(f"watch.yml:{found}")


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("{id: a, ask: {question: Which one}}", "`ask`"),
        ("{id: a, github: {comment: Hello}}", "`github`"),
        ("{id: a, run: x, on_failure: [{id: b, github: {comment: Hello}}]}", "`github`"),
        ("{id: a, uses: {name: piece, steps: [{id: b, github: {comment: Hello}}]}}", "`github`"),
    ],
)
@pytest.mark.parametrize(
    ("by", "on"),
    [
        ("push", "{push: {}}"),
        ("checks", "{command: watch, checks: {}}"),
        ("repository_dispatch", "{repository_dispatch: {}}"),
        ("schedule", "{schedule: [{cron: 0 6 * * *}]}"),
        ("hook", "{hook: nightly}"),
    ],
)
def test_what_speaks_in_a_thread_is_refused_where_a_run_may_have_none(by: str, on: str, step: str, what: str) -> None:
    (line,) = mistakes(on, f"[{step}]")
    assert line.endswith(f": {what} needs a thread, and what `{by}` starts has none")


SHIPS = "{id: s, ship: {title: x}}"


@pytest.mark.parametrize(
    "step",
    [
        SHIPS,
        "{id: a, run: x, on_failure: [" + SHIPS + "]}",
        "{id: a, uses: {name: piece, steps: [" + SHIPS + "]}}",
        "{id: a, foreach: {in: [1], steps: [" + SHIPS + "]}}",
    ],
)
def test_what_a_pull_request_starts_cannot_ship_whatever_else_starts_it(step: str) -> None:
    said = "`ship` cannot stand here: what `pull_request` starts works with somebody else's branch"
    assert any(line.endswith(said) for line in mistakes("{command: watch, pull_request: {}}", f"[{step}]"))


REVIEW = "[{id: look, agent: {role: reviewer, prompt: review, output: Opinion, writes: false}}]"


def test_what_pull_requests_alone_start_may_review_and_speak_there() -> None:
    text = f"name: watch\non: {{pull_request: {{}}}}\nsteps: {REVIEW[:-1]}, {{id: say, github: {{review: opinion}}}}]\n"
    assert parse(text, "watch.yml").on.by_itself == ("pull request",)


@pytest.mark.parametrize("more", ["command: watch", "issues: {}", "push: {}", 'label: "pullwright:watch"'])
def test_what_something_else_starts_too_has_no_change_to_review(more: str) -> None:
    (line,) = mistakes(f"{{pull_request: {{}}, {more}}}", REVIEW)
    assert line.endswith("`prompt` needs an `agent` that changes the tree before it")


def test_what_an_issue_starts_may_speak_in_its_thread() -> None:
    text = "name: watch\non: {issues: {}}\nsteps: [{id: a, github: {comment: Hello}}]\n"
    assert parse(text, "watch.yml").on.by_itself == ("issues",)


def test_what_starts_it_by_itself_is_said_in_words() -> None:
    on = "{push: {branches: [main]}, hook: nightly, schedule: [{cron: 0 6 * * *, timezone: Europe/Berlin}]}"
    workflow = parse(f"name: watch\non: {on}\nsteps: [{{id: look, uses: triage}}]\n", "watch.yml")
    assert workflow.on.by_itself == ("push", "0 6 * * * Europe/Berlin", "hook nightly")
