"""The commands there are. The parser, `/help` and the documentation read this one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Takes = Literal["nothing", "digest", "text"]


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
            Verb("approve", "digest", "/approve [digest]", "approves what a run waits for", "approvers, by policy"),
            Verb(
                "reject", "text", "/reject [reason]", "ends a run that should not go on", "write role, or the requester"
            ),
            Verb(
                "cancel",
                "text",
                "/cancel [run]",
                "stops the run at work here, or one in line",
                "write role, or the requester",
            ),
            Verb("answer", "text", "/answer <text>", "answers what a run asks", "requesters"),
            Verb("retry", "nothing", "/retry", "starts the last run anew", "requesters"),
            Verb("status", "nothing", "/status", "says where the run stands", "everybody", decides=False),
            Verb("help", "nothing", "/help", "shows this table", "everybody", decides=False),
        )
    }
)
