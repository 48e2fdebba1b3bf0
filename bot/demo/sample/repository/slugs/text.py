"""From a title to a slug."""

import re


def slugify(title):
    """Return the title in lower case, with a hyphen for everything that is no letter or digit."""
    return re.sub(r"[^a-z0-9]", "-", title.lower())
