"""`pullwright workflow run --dry-run`: what a run would do, from files alone."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import click

from bot.cli.checkout import detected, policy_text
from bot.cli.output import print_json, print_table, printable
from core.errors import PolicyInvalid
from core.names import Plain
from core.workflow import Workflow
from handlers.asked.giving import TASK, Wrong, fitting
from handlers.replies.words import money
from jobs.rehearsal import Done, Issue, Rehearsal, Rehearsed, rehearse
from policies.schema import effective

_SHOWN = {Done.yes: "done", Done.no: "skipped", Done.depends: "depends", Done.fails: "FAILS"}


@dataclass(frozen=True, slots=True)
class Told:
    issue: Issue
    inputs: dict[str, Plain]
    policy: str
    """Where the policy comes from, in words."""
    rehearsal: Rehearsal


def rehearsed(
    workflow: Workflow, issue: Path, inputs: Sequence[str], repo: Path | None, *, owner_is_organisation: bool
) -> Told:
    """What would happen. Ends the command with 1 where the run could not begin, and says why."""
    title, _, body = issue.read_text(encoding="utf-8", errors="replace").partition("\n")
    given = fitting(workflow, split(inputs))
    if isinstance(given, Wrong):
        _stop(given.mistakes)
    try:
        in_force = effective(None, policy_text(repo) if repo is not None else None, owner_is_organisation)
    except PolicyInvalid as error:
        _stop(str(error).splitlines())
    checks = {**(detected(repo).checks if repo is not None else {}), **in_force.policy.checks}
    about = Issue(title.removeprefix("#").strip(), body.strip())
    return Told(about, given, in_force.source, rehearse(workflow, about, given, in_force.policy, checks))


def show_rehearsal(workflow: Workflow, told: Told, *, as_json: bool) -> None:
    """Print it; the exit code is 1 where a step's condition fails."""
    fails = any(step.done is Done.fails for step in told.rehearsal.steps)
    if as_json:
        print_json({"workflow": workflow.name, "ok": not fails, **asdict(told)})
    else:
        click.echo(printable(f"{workflow.name} for {told.issue.title!r}, under {told.policy}"))
        for name, value in told.inputs.items():
            click.echo(printable(f"  {name}: {value}"))
        click.echo()
        print_table(("STEP", "", "WHAT"), _rows(told.rehearsal.steps))
        click.echo()
        cost = told.rehearsal.cost_usd
        click.echo(f"Models may cost at most {money(cost)}: then it stops." if cost else "No model is called.")
        click.echo("Nothing was started, and nothing written.")
    raise SystemExit(1 if fails else 0)


def _rows(steps: Sequence[Rehearsed], indent: str = "") -> Iterator[tuple[str, str, str]]:
    for step in steps:
        yield f"{indent}{step.id}", _SHOWN[step.done], step.does
        if step.why:
            yield "", "", f"  {'' if step.done is Done.fails else 'when '}{step.why}"
        for note in step.notes:
            yield "", "", f"  {note}"
        if step.on_failure:
            yield "", "", "  where it fails:"
            yield from _rows(step.on_failure, f"{indent}  ")
        if step.each:
            yield "", "", "  for each item:"
            yield from _rows(step.each, f"{indent}  ")
        if step.within:
            yield "", "", "  which are:"
            yield from _rows(step.within, f"{indent}  ")


def split(inputs: Sequence[str]) -> dict[str, str]:
    """The values of `--input`, by name."""
    found: dict[str, str] = {}
    for one in inputs:
        name, equals, value = one.partition("=")
        if not equals:
            raise click.UsageError(f"--input takes NAME=VALUE, as in --input {TASK}='only the parser'.")
        found[name] = value
    return found


def _stop(lines: Sequence[str]) -> NoReturn:
    for line in lines:
        click.echo(printable(line), err=True)
    raise SystemExit(1)
