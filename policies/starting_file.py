"""A policy file to begin with: it says what its built-in policy says, and shows every key, commented out."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib import resources

from policies.schema import BuiltIn, template_text


def starting_file(name: BuiltIn, own: Sequence[str] = (), said: Collection[str] = ()) -> str:
    """The text of a new `.github/pullwright.yml`. As it is, it means exactly the built-in policy; with the comment
    signs in front of keys taken away it means the same, and the rules that it shows as well.

    `own` are lines about this one repository, which count besides; the keys `said` there are not shown once more.
    """
    first, *rest = template_text(name).splitlines()
    rules = resources.files("policies").joinpath("templates", "rules.yml").read_text(encoding="utf-8").splitlines()
    lines = [
        "# What the bot may do here. Every key: `docs/policy.md`; `pullwright policy check` reads this file.",
        "# A key that is left out means what the built-in policy says: those below say just that.",
        first,
        f"policy: {name.value}",
        "",
        *own,
        *(f"#{line}" for line in _without(rest, {"version", "policy", *said})),
        "",
        *(line if line.startswith("# ") else f"#{line}" for line in _without(rules, said)),
    ]
    return "\n".join(lines) + "\n"


def _without(lines: Iterable[str], keys: Collection[str]) -> Iterator[str]:
    """The lines of a mapping without these keys and what stands below them."""
    shown = True
    for line in lines:
        if line[:1] not in {" ", "#"}:
            shown = line.partition(":")[0] not in keys
        if shown or line.startswith("#"):
            yield line
