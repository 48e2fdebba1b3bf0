"""A policy file to begin with: it says what its built-in policy says, and shows every key, commented out."""

from importlib import resources

from policies.schema import BuiltIn, template_text


def starting_file(name: BuiltIn) -> str:
    """The text of a new `.github/pullwright.yml`. As it is, it means exactly the built-in policy; with the comment
    signs in front of keys taken away it means the same, and the rules that it shows as well."""
    first, *rest = template_text(name).splitlines()
    keys = [line for line in rest if not line.startswith(("version:", "policy:"))]
    rules = resources.files("policies").joinpath("templates", "rules.yml").read_text(encoding="utf-8").splitlines()
    lines = [
        "# What the bot may do here. Every key: `docs/policy.md`; `pullwright policy check` reads this file.",
        "# A key that is left out means what the built-in policy says: those below say just that.",
        first,
        f"policy: {name.value}",
        "",
        *(f"#{line}" for line in keys),
        "",
        *(line if line.startswith("# ") else f"#{line}" for line in rules),
    ]
    return "\n".join(lines) + "\n"
