"""The commands there are. The parser, `/help` and the documentation read this one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Takes = Literal["nothing", "content", "approval", "amount", "text"]

_ENDERS = "write role, or the requester"


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    takes: Takes
    usage: str
    what: str
    who: str
    decides: bool = True
    """Whether it changes something: one comment decides one thing."""


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        verb.name: verb
        for verb in (
            Verb("implement", "text", "/implement [task]", "starts work on this issue", "requesters"),
            Verb(
                "approve",
                "approval",
                "/approve [digest [path…]]",
                "approves what a run waits for; with paths, keeps only those files",
                "approvers, by policy",
            ),
            Verb("reject", "text", "/reject [reason]", "ends a run that should not continue", _ENDERS),
            Verb(
                "revise", "text", "/revise <feedback>", "sends the plan or the change back with feedback", "requesters"
            ),
            Verb("cancel", "text", "/cancel [run]", "stops the active run here, or one in line", _ENDERS),
            Verb("take", "nothing", "/take", "hands the bot's branch over to you", "write role"),
            Verb("hold", "text", "/hold [repository] [reason]", "stops work until `/unhold`", f"{_ENDERS}; admins"),
            Verb("unhold", "text", "/unhold [repository]", "lets it continue", "write role, or who held it; admins"),
            Verb("answer", "text", "/answer <text>", "answers what a run asks", "requesters"),
            Verb(
                "continue", "nothing", "/continue", "continues what was put off, or with what was pushed", "requesters"
            ),
            Verb("budget", "amount", "/budget [+dollars]", "shows what was spent; raises the limit", "write role"),
            Verb("retry", "nothing", "/retry", "starts the last run again", "requesters"),
            Verb("undo", "nothing", "/undo", "takes back the bot's last label, comment or merge here", "write role"),
            Verb(
                "pin-status",
                "nothing",
                "/pin-status",
                "pins an issue that lists what waits for people",
                "maintain role",
            ),
            Verb(
                "ok-to-run",
                "content",
                "/ok-to-run [digest or commit]",
                "starts what a stranger asked for",
                "requesters",
            ),
            Verb(
                "dry-run",
                "text",
                "/dry-run [workflow]",
                "shows what a run would do",
                "everybody",
                decides=False,
            ),
            Verb("status", "nothing", "/status", "shows where the run stands", "everybody", decides=False),
            Verb("why", "nothing", "/why", "shows what was decided here last, and why", "everybody", decides=False),
            Verb("help", "nothing", "/help", "shows this table", "everybody", decides=False),
        )
    }
)
