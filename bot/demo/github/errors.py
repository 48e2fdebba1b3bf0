"""Refusals in GitHub's shape: `{"message", "documentation_url", "status"}`, with `errors` on validation."""

from typing import Any

from .records import Json

DOCS = "https://docs.github.com/rest"


class Refusal(Exception):
    """The request is answered with this status and body; nothing was changed."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        shown: Json = {"message": self.message}
        if self.errors is not None:
            shown["errors"] = self.errors
        return shown | {"documentation_url": DOCS, "status": str(self.status)}


class Moved(Refusal):
    """The thing is at another address now: 301 with a Location, or 307 to what is not a GET."""

    def __init__(self, url: str, status: int = 301) -> None:
        super().__init__(status, "Moved Permanently" if status == 301 else "Temporary Redirect")
        self.url = url

    def body(self) -> Json:
        return {"message": self.message, "url": self.url, "documentation_url": DOCS}


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def not_accessible() -> Refusal:
    return Refusal(403, "Resource not accessible by integration")


def invalid(resource: str, field: str, code: str = "invalid", message: str | None = None) -> Refusal:
    """GitHub's 422 for one field; with `message` the code is `custom`, as GitHub writes its sentences."""
    error: Json = {"resource": resource, "code": code, "field": field}
    if message is not None:
        error = {"resource": resource, "code": "custom", "field": field, "message": message}
    return Refusal(422, "Validation Failed", [error])


def custom(resource: str, message: str) -> Refusal:
    return Refusal(422, "Validation Failed", [{"resource": resource, "code": "custom", "message": message}])


def missing(resource: str, field: str) -> Refusal:
    return invalid(resource, field, code="missing_field")


def too_long(limit: int) -> Refusal:
    """What GitHub says of a title or body beyond its limit."""
    message = f"body is too long (maximum is {limit} characters)"
    return Refusal(
        422,
        "Validation Failed",
        [{"resource": "IssueComment", "code": "custom", "field": "body", "message": message}],
    )
