"""Whom we listen to: people, and the bots that the policy lists. Every other bot is ignored, or two of them would talk
for ever; so is our own App, whatever is listed.
"""

from core.errors import PolicyInvalid
from core.facts import App, Facts
from core.github import Account, Comment
from core.intents import Ignore
from core.names import Role, is_bot
from handlers.rules import policy_of
from policies.people import role_of_bot


def ignored(account: Account, app: App) -> Ignore | None:
    """Why an account is not listened to, or None for a person."""
    if account.login.casefold() == app.login.casefold():
        return Ignore("our own doing")
    if account.is_bot or is_bot(account.login):
        return Ignore(f"{account.login} is a bot")
    return None


def unheard(account: Account, facts: Facts) -> Ignore | None:
    """Why an account may not even ask for work: the same, but for a bot that the policy lists."""
    why = ignored(account, facts.app)
    if why is None or not _listed(account, facts):
        return why
    return None


def unheard_comment(comment: Comment, facts: Facts) -> Ignore | None:
    """The same for a comment: also an App that writes in its own name is heard, where the policy lists that name."""
    why = ignored_comment(comment, facts.app)
    if why is None or comment.app_id == facts.app.id or not _listed(comment.author, facts):
        return why
    return None


def _listed(account: Account, facts: Facts) -> bool:
    """Whether the policy lists this bot, and it is not us. While the policy cannot be read, no bot is listed."""
    us = account.login.casefold() == facts.app.login.casefold()
    if us or not account.is_bot or not is_bot(account.login) or facts.policy is None:
        return False
    try:
        return role_of_bot(policy_of(facts), account.login) is not Role.none
    except PolicyInvalid:
        return False


def ignored_comment(comment: Comment, app: App) -> Ignore | None:
    """The same for a comment: one that an App wrote in a person's name is not the person's own word."""
    if comment.app_id == app.id:
        return Ignore("our own comment")
    if comment.app_id is not None:
        return Ignore(f"written by an App in the name of {comment.author.login}")
    return ignored(comment.author, app)
