"""The operator's own file (`PULLWRIGHT_CONFIG`): model prices, and the policy that repositories may only tighten.

```yaml
prices:                       # US dollars per million tokens; they win over the built-in price list
  openai/my-model: {input: 2.00, output: 8.00}
policy:                       # like `.github/pullwright.yml`
  policy: team
```
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from core.documents import load, mistakes
from core.errors import ConfigurationError, DocumentInvalid
from core.names import Value


class Price(Value):
    """US dollars per million tokens."""

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)


class _Contents(Value):
    prices: dict[str, Price] = {}
    policy: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class OperatorFile:
    prices: Mapping[str, Price]
    policy: str | None
    """The text of the policy section, at its lines and columns of the file; None where there is none."""

    @classmethod
    def read(cls, path: Path | None) -> "OperatorFile":
        """The file's contents, empty without a file. Raises ConfigurationError with every mistake."""
        if path is None:
            return cls(prices={}, policy=None)
        try:
            raw = path.read_bytes()
            document = load(raw, str(path))
            contents = _Contents.model_validate(document.value or {})
        except OSError as error:
            raise ConfigurationError(f"PULLWRIGHT_CONFIG: cannot read {path}: {error.strerror}.") from error
        except DocumentInvalid as error:
            raise ConfigurationError(f"PULLWRIGHT_CONFIG: {error}") from error
        except ValidationError as error:
            lines = "\n".join(mistakes(document, error, known=("prices", "policy", "input", "output")))
            raise ConfigurationError(f"PULLWRIGHT_CONFIG:\n{lines}") from error
        section = None if contents.policy is None else _section(raw.decode("utf-8-sig"), "policy")
        return cls(prices=contents.prices, policy=section)


def _section(text: str, key: str) -> str:
    """The value of a key of the file, in the place where it stands: all before it is blank, so that mistakes in it have
    the line and column of the file."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)  # noqa: S101  # it was read before, with this key
    value: yaml.Node = next(value for name, value in root.value if name.value == key)
    start, end = value.start_mark, value.end_mark
    return "\n" * start.line + " " * start.column + text[start.index : end.index]
