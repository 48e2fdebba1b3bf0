"""Deliveries that are not GitHub's: a signed call of a hook, a time that has come, a run that the operator orders.

They lie in the same inbox, under hooks that GitHub has no number for: none of its payloads can pass for one of them.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, field_validator

from core.names import Value
from core.runs import Delivery

HOOKS, CLOCK, CLI = "hooks", "clock", "cli"

FullName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]


class Call(Value):
    """What the caller of a hook sends."""

    repository: FullName
    """As people name it; the store knows which one that is."""
    inputs: dict[str, Any] = Field({}, max_length=100)

    @field_validator("inputs")
    @classmethod
    def _is_json(cls, inputs: dict[str, Any]) -> dict[str, Any]:
        """What reads JSON here also reads `NaN`, and `1e999` as infinite; written down, each would turn into null."""
        json.dumps(inputs, allow_nan=False)
        return inputs


class HookCall(Call):
    """The same as it is stored, with the hook whose secret it was signed with."""

    hook: Name


class TimeCall(Value):
    """A time of a workflow's schedule has come."""

    repository: FullName
    workflow: Name
    instant: datetime


class OrderCall(Value):
    """The operator orders a run, in the name of a person or in our own."""

    repository: FullName
    workflow: Name
    login: Login | None = None
    number: Annotated[int, Field(gt=0)] | None = None
    inputs: dict[str, str] = {}


Calls = HookCall | TimeCall | OrderCall
_BY_HOOK: Mapping[str, type[HookCall] | type[TimeCall] | type[OrderCall]] = {
    HOOKS: HookCall,
    CLOCK: TimeCall,
    CLI: OrderCall,
}


def ours(delivery: Delivery) -> bool:
    """Whether the delivery is one of these."""
    return delivery.hook_id in _BY_HOOK


def read(delivery: Delivery) -> Calls | None:
    """What one of these says; None where this version cannot read it."""
    try:
        return _BY_HOOK[delivery.hook_id].model_validate_json(delivery.body)
    except ValidationError:
        return None
