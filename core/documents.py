"""YAML documents that keep the place of every value, so that a mistake is shown with its line and column.

`load()` gives plain values and a map from path to place; `mistakes()` turns a pydantic error into lines for people.
Aliases are refused (a "YAML bomb" is made of them), duplicate keys are errors, and the size is bounded.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import DocumentInvalid

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MOST_VALUES = 8_000
"""Keys and values of one document. Each takes a while to read, and a file is read whenever something happens."""
MOST_MISTAKES = 500
"""Lines of mistakes that are told; any more are only counted."""
MOST_DIGITS = 30
MOST_SUGGESTIONS = 20
"""Unknown keys for which it is looked what may have been meant: each is compared with every key that there is."""

_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_NO_NUMBERS = (".inf", ".nan")
"""No limit is over or under these, or each is."""

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Room:
    """How many keys and values are read in all of the documents that share it, beside the bound of each."""

    left: int


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    value: Any
    places: dict[Path, tuple[int, int]]

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column, counted from one, of the value at this path or of its nearest parent."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def mistake(self, path: Path, message: str) -> str:
        line, column = self.place(path)
        return f"{self.name}:{line}:{column}: {message}"


def load(text: str | bytes, name: str, room: Room | None = None) -> Document:
    """The document's values and their places. Raises DocumentInvalid with the syntax mistakes found."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise DocumentInvalid(name, [f"{name}:1:1: the file is larger than {MAX_BYTES // 1024} KiB"])
    try:
        node = _Bounded(raw.decode("utf-8-sig"), room or Room(MOST_VALUES)).get_single_node()
    except UnicodeDecodeError as error:
        raise DocumentInvalid(name, [f"{name}:1:1: the file is not UTF-8"]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise DocumentInvalid(name, [f"{name}:{where}: {error.problem or 'not YAML'}"]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentInvalid(name, [f"{name}:1:1: not YAML"]) from error
    reader = _Reader(name)
    value = reader.read(node, ()) if node is not None else None
    if reader.found:
        raise DocumentInvalid(name, _told(name, reader.found))
    return Document(name, value, reader.places)


class _Bounded(yaml.SafeLoader):
    """Reads no more than there is room for: what is behind that costs nothing."""

    def __init__(self, text: str, room: Room) -> None:
        super().__init__(text)
        self._room = room
        self._read = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._read += 1
        self._room.left -= 1
        if self._read > MOST_VALUES:
            raise self._full(f"the file holds more than {MOST_VALUES:,} keys and values")
        if self._room.left < 0:
            raise self._full("with those before it, the files hold too many keys and values")
        return super().compose_node(parent, index)

    def _full(self, why: str) -> yaml.MarkedYAMLError:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        return yaml.MarkedYAMLError(problem=why, problem_mark=event.start_mark)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Path, tuple[int, int]] = {}
        self.found: list[str] = []
        self._seen: set[int] = set()
        self._scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if id(node) in self._seen:
            return self._wrong(node, "aliases (`*name`) are not allowed")
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            return self._wrong(node, "nested too deeply")
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value
        if node.tag in _NUMBERS and (len(node.value) > MOST_DIGITS or node.value.lower().endswith(_NO_NUMBERS)):
            return self._wrong(node, "this is no number that can be counted with")
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            return self._wrong(node, f"cannot read this value ({node.tag})")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # YAML 1.1 reads the bare word `on` as true; every key of ours is a word.
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key == "<<":
                self._wrong(key_node, "a key must be a plain word")
                continue
            if key in values:
                self._wrong(key_node, f"the key `{key}` stands here twice")
            values[key] = self.read(value_node, (*path, key))
        return values

    def _wrong(self, node: yaml.Node, message: str) -> None:
        self.found.append(f"{self.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: {message}")


def mistakes(
    document: Document,
    error: ValidationError | None,
    known: tuple[str, ...] = (),
    more: Iterable[tuple[Path, str]] = (),
) -> list[str]:
    """One line per mistake, with place, in the order of the file; unknown keys get a suggestion from `known`.

    `more` are mistakes that no model can see, by the path of the value that they are about.
    """
    rows = [(document.place(path), document.mistake(path, message)) for path, message in more]
    found = error.errors(include_url=False, include_input=False) if error is not None else []
    suggesting = MOST_SUGGESTIONS
    for one in found:
        if one["type"] == "too_short" and any(_below(other["loc"], one["loc"]) for other in found):
            continue  # pydantic does not count items that are wrong; each of them is told by itself
        path = tuple(part for part in one["loc"] if (*one["loc"],) and isinstance(part, str | int))
        message = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            # A word that means something elsewhere is not meant here.
            looked_for = path[-1] not in known and suggesting > 0
            suggesting -= looked_for
            near = difflib.get_close_matches(str(path[-1]), known, n=1) if looked_for else []
            message = f"unknown key `{path[-1]}`" + (f"; did you mean `{near[0]}`?" if near else "")
        elif path:
            message = f"`{'.'.join(map(str, path))}`: {message[0].lower()}{message[1:]}"
        rows.append((document.place(path), document.mistake(path, message)))
    return _told(document.name, [line for _, line in sorted(set(rows))])


def _told(name: str, lines: Sequence[str]) -> list[str]:
    """The first of the lines; in the place of the next one, how many more there are."""
    if len(lines) <= MOST_MISTAKES:
        return list(lines)
    row, column, _ = lines[MOST_MISTAKES].removeprefix(f"{name}:").split(":", 2)
    return [*lines[:MOST_MISTAKES], f"{name}:{row}:{column}: and {len(lines) - MOST_MISTAKES:,} more mistakes"]


def _below(inner: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer
