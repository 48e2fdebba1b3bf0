"""From a typed input to what is said. One template per prompt: the system part, a line `---8<---`, the user part."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.digests import digest
from core.names import Digest
from prompts.inputs import PromptInput
from prompts.untrusted import elided, untrusted
from prompts.visible import plain

_CUT = "\n---8<---\n"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as it is sent. `digest` covers both parts and is written to the journal."""

    system: str
    user: str
    digest: Digest


def render(prompt: PromptInput) -> Rendered:
    """The prompt for this input; equal inputs give equal prompts."""
    template = _environment().get_template(f"{prompt.name}.md.j2")
    values: dict[str, Any] = {field.name: getattr(prompt, field.name) for field in fields(prompt)}
    system, _, user = template.render(values).partition(_CUT)
    return Rendered(system.strip(), user.strip(), digest("prompt", prompt.name, system.strip(), user.strip()))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Templates see values and two filters. Values are never templates, and nothing here makes HTML."""
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("prompts", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # prompts are not HTML; `untrusted` is the escaping that prompts need
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["untrusted"] = untrusted
    environment.filters["line"] = _line
    environment.filters["quoted"] = _quoted
    return environment


def _line(text: str, limit: int = 300) -> str:
    """Words of a model or of a policy file as one plain line that can stand in a list."""
    return elided(" ".join(plain(str(text)).split()), limit)


def _quoted(paths: Iterable[str]) -> str:
    return ", ".join(f"`{_line(path)}`" for path in paths)
