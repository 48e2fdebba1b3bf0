"""The whole service as one process tree: `supervise()` starts it, and nothing of it is left afterwards."""

from bot.up.service import Service, supervise

__all__ = ["Service", "supervise"]
