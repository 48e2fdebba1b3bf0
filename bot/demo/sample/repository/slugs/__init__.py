"""Slugs: titles as the last part of a web address."""

from slugs.text import slugify

__all__ = ["slugify"]
