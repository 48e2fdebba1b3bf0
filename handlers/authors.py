"""Whom we listen to: people. Bots, and our own App above all, are ignored, or two of them would talk for ever."""

from core.facts import App
from core.github import Account, Comment
from core.intents import Ignore


def ignored(account: Account, app: App) -> Ignore | None:
    """Why an account is not listened to, or None for a person."""
    if account.login.casefold() == app.login.casefold():
        return Ignore("our own doing")
    if account.is_bot or account.login.endswith("[bot]"):
        return Ignore(f"{account.login} is a bot")
    return None


def ignored_comment(comment: Comment, app: App) -> Ignore | None:
    """The same for a comment: one that an App wrote in a person's name is not the person's own word."""
    if comment.app_id == app.id:
        return Ignore("our own comment")
    if comment.app_id is not None:
        return Ignore(f"written by an App in the name of {comment.author.login}")
    return ignored(comment.author, app)
