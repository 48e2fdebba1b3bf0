"""`pullwright policy explain` and `simulate`: decisions as trees."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bot.cli.output import print_json, printable
from bot.cli.which_run import the_one
from core.errors import BotError, ConfigurationError

if TYPE_CHECKING:
    from core.decisions import Decision
    from policies.considered import Considered
    from policies.schema import Policy

DECIDED = ("start", "plan", "ship", "merge")


class NothingDecided(BotError):
    """Nothing has been decided yet about what was named."""

    code = "nothing-decided"

    def remedy(self) -> str:
        return "Name an issue or pull request as OWNER/REPO#N, or a run as `pullwright runs list` shows it."


@click.command("explain")
@click.argument("what")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def explain(what: str, as_json: bool) -> None:
    """The last decision about an issue or a pull request (OWNER/REPO#N), or about a run, and why."""
    from policies.render import of_json, plain

    try:
        found = asyncio.run(_decisions(what))
    except BotError as error:
        raise SystemExit(_told(str(error), error.remedy(), as_json=as_json, what=what)) from None
    if as_json:
        print_json({"about": what, "decisions": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        click.echo(printable(f"#{one.number}, {one.about.value}, {one.at:%Y-%m-%d %H:%M:%S} UTC"))
        for line in plain(of_json(one.tree)).splitlines():
            click.echo(printable(line))


@click.command("simulate")
@click.argument("policy", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--facts", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="YAML or JSON.")
@click.option("--run", "run_id", help="Begin with what the database holds of this run.")
@click.option("--action", type=click.Choice(DECIDED), help="What is to be done; without it, what the facts say.")
@click.option("--approve", multiple=True, metavar="LOGIN[:ROLE]", help="As if this person approved; `write` without.")
@click.option("--path", "paths", multiple=True, help="As if these were the paths that it touches.")
@click.option("--label", "labels", multiple=True, help="As if it had these labels.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def simulate(
    policy: Path,
    facts: Path | None,
    run_id: str | None,
    action: str | None,
    approve: tuple[str, ...],
    paths: tuple[str, ...],
    labels: tuple[str, ...],
    as_json: bool,
) -> None:
    """What a policy file says of facts from a file or a run, changed by the options. Nothing is written anywhere."""
    from core.errors import DocumentInvalid, PolicyInvalid
    from policies.render import as_json as tree
    from policies.render import plain
    from policies.schema import load
    from policies.simulating import simulate as judged

    if (facts is None) is (run_id is None):
        raise click.UsageError("Say either --facts FILE or --run RUN.")
    try:
        rules = load(policy.read_text(encoding="utf-8", errors="replace"), str(policy))
        over: dict[str, str | list[str]] = {"paths": list(paths)} if paths else {}
        over |= {"labels": list(labels)} if labels else {}
        over |= {"action": action} if action else {}
        known = _of_file(facts, over) if facts is not None else asyncio.run(_of_run(run_id or "", rules, over))
        result = judged(rules, _approved(known, approve))
    except (PolicyInvalid, DocumentInvalid, BotError, ConfigurationError) as error:
        remedy = error.remedy() if isinstance(error, BotError) else ""
        raise SystemExit(_told(str(error), remedy, as_json=as_json, what=str(policy))) from None
    if as_json:
        print_json({"policy": str(policy), "action": known.action.value, "result": tree(result)})
    else:
        for line in plain(result).splitlines():
            click.echo(printable(line))


def _told(why: str, remedy: str, *, as_json: bool, what: str) -> int:
    """Say what is wrong; the exit code."""
    if as_json:
        print_json({"about": what, "ok": False, "why": why, "remedy": remedy})
    else:
        for line in f"{why}\n{remedy}".strip().splitlines():
            click.echo(printable(line), err=True)
    return 1


def _of_file(facts: Path, over: dict[str, Any]) -> "Considered":
    from policies.simulating import facts as read

    told: dict[str, Any] = {"now": datetime.now(UTC)}
    text = facts.read_text(encoding="utf-8", errors="replace")
    return read(text, str(facts), {**(told if "now:" not in text and '"now"' not in text else {}), **over})


def _approved(known: "Considered", approve: tuple[str, ...]) -> "Considered":
    """The same facts with one more approval for each `LOGIN[:ROLE]`."""
    from core.names import Role
    from policies.considered import Binds, Yes
    from policies.rules import Action

    binds: Binds = "change" if known.action is Action.merge else "plan"
    more = []
    for said in approve:
        login, _, role = said.partition(":")
        if (role or "write") not in set(Role):
            _usage(f"{role!r} is no role.")
        more.append(Yes(by=login, role=Role(role or "write"), at=known.now))
    given = {**known.approvals, binds: (*known.approvals.get(binds, ()), *more)}
    return known.model_copy(update={"approvals": given})


def _usage(why: str) -> NoReturn:
    raise click.UsageError(why)


async def _decisions(what: str) -> "list[Decision]":
    from adapters.store import decisions, repositories, runs
    from bot.cli.kept import kept

    async with kept("policy") as db:
        name, mark, number = what.partition("#")
        if mark and number.isdigit():
            repo = await repositories.named(db, name)
            found = await decisions.of(db, repo.id, [int(number)]) if repo is not None else []
        else:
            run = the_one(what, await runs.find(db, what))
            numbers = [one for one in (run.subject.number, run.pull_number) if one]
            found = await decisions.of(db, run.repo.id, numbers)
    if not found:
        raise NothingDecided(f"Nothing was decided about {what} yet.")
    return found


async def _of_run(prefix: str, policy: "Policy", over: dict[str, Any]) -> "Considered":
    """What the database holds of a run. What only GitHub knows (labels, teams, owners, checks) is not known here."""
    from adapters.store import approvals, runs, steps
    from bot.cli.kept import kept
    from jobs.remembered_facts import facts_of

    async with kept("policy") as db:
        run = the_one(prefix, await runs.find(db, prefix))
        return facts_of(run, await steps.all_(db, run.id), await approvals.of_run(db, run.id), over)
