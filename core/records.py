"""The record of a run: everything that a replay needs, as one value and as one JSON document.

It is complete in itself: large values stand in it, and nothing in it points at a database, a disk or GitHub. What
left this installation in it lost its secrets first, and says where.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import ValidationError

from core.errors import ConfigurationError
from core.names import Digest, Value
from core.redaction import Redactor
from core.runs import Approval, Effect, Event, NewSignal, Run, Step


class Heard(NewSignal):
    """A signal, and what became of it; None where nothing did yet."""

    outcome: str | None


class Call(Value):
    """One reply of a model that was paid for."""

    step_key: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    at: datetime


class Stored(Value):
    """An artifact of the run, by its name and address. Its content is not part of the record."""

    name: str
    digest: Digest
    size: int


class Record(Value):
    pullwright: Literal[1] = 1
    """The version of this form."""
    run: Run
    steps: tuple[Step, ...]
    """In the order in which they were first begun; every output stands here itself, however large."""
    signals: tuple[Heard, ...]
    effects: tuple[Effect, ...]
    approvals: tuple[Approval, ...]
    costs: tuple[Call, ...]
    journal: tuple[Event, ...]
    artifacts: tuple[Stored, ...] = ()
    redacted: tuple[str, ...] = ()
    """Where something was taken out: `run`, `steps/<key>`, `effects/<key>`, `journal/<number>` …"""


class RecordUnreadable(ConfigurationError):
    """The file is no record of a run, or one of another version."""

    code = "record-unreadable"

    def remedy(self) -> str:
        return "Write one with `pullwright runs export RUN`, with the version that shall replay it."


def read(text: str, name: str) -> Record:
    """The record that the text holds. Raises RecordUnreadable."""
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"`{where}`: {first['msg']}" if where else first["msg"]
        raise RecordUnreadable(f"{name} is no record of a run: {what}.") from error


_KEYED = {
    "steps": "key",
    "signals": "key",
    "effects": "key",
    "approvals": "gate",
    "costs": "step_key",
    "journal": "seq",
    "artifacts": "name",
}


def redacted(record: Record, redactor: Redactor) -> Record:
    """The record without the secrets that are known by value, and without what has the shape of one."""
    whole = record.model_dump(mode="json")
    places: list[str] = list(record.redacted)

    def bare(value: Any, place: str) -> Any:
        found = redactor.value(value)
        if found != value:
            places.append(place)
        return found

    whole["run"] = bare(whole["run"], "run")
    for name, key in _KEYED.items():
        whole[name] = [bare(entry, f"{name}/{entry[key]}") for entry in whole[name]]
    # A key names the place, and may be what held the secret.
    whole["redacted"] = [redactor.text(place) for place in _once(places)]
    return Record.model_validate(whole)


def _once(places: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(places))
