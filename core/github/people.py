"""Accounts, and what role each has in a repository."""

from core.names import Role, Value


class Account(Value):
    login: str
    id: int
    is_bot: bool


class Collaborator(Value):
    account: Account
    role: Role
