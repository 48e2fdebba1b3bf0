"""The hidden marker in what we post: how an effect is found again on GitHub after a crash.

A marker proves nothing by itself, since anybody can paste one: it counts only in an object whose author is our App.
"""

import hashlib


def marker(effect_key: str) -> str:
    """The marker of an effect. The key is hashed, so that no text of anybody reaches the comment."""
    return f"<!-- pullwright {hashlib.sha256(effect_key.encode()).hexdigest()[:32]} -->"


def marked(body: str, effect_key: str) -> str:
    return f"{body.rstrip()}\n\n{marker(effect_key)}"


def carries(body: str, effect_key: str) -> bool:
    return marker(effect_key) in body
