"""Files of people's with mistakes in them, each at its line."""

from core.errors.base import BotError


class PolicyInvalid(BotError):
    """`.github/pullwright.yml` cannot be read; while it is broken, nothing runs."""

    code = "policy-invalid"

    def remedy(self) -> str:
        return "Correct the lines named above on the default branch; `pullwright policy check FILE` reads it too."


class DocumentInvalid(BotError):
    """A YAML document does not say what it must; every mistake is listed, with line and column."""

    code = "document-invalid"

    def __init__(self, name: str, mistakes: list[str]) -> None:
        super().__init__(f"{name} is not valid:\n" + "\n".join(mistakes))
        self.mistakes = mistakes
