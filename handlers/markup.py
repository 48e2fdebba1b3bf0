"""What of a comment's own HTML is open at some place of it: whatever stands there is not said plainly.

CommonMark hands raw HTML through, and a browser goes on reading where CommonMark has long stopped: an element, a
comment or a quoted attribute that one block leaves open swallows the paragraphs after it. Where it cannot be told what
a browser makes of it, everything that follows counts as set aside.
"""

import re
from dataclasses import dataclass, field

_NAME = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_STOP = re.compile("[>\"']")

_PLAIN = frozenset({"details", "div", "p"})
"""Elements that change nothing about what stands in them."""
_EMPTY = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
"""Elements that hold nothing, so they are never open."""


@dataclass
class Open:
    """Fed with the pieces of raw HTML in their order; reads each character once."""

    elements: list[str] = field(default_factory=list)
    in_comment: bool = False
    unclear: bool = False
    """Something was begun that no piece has ended: what follows is part of it, or not."""

    @property
    def anything(self) -> bool:
        return self.unclear or self.in_comment or bool(self.elements)

    def feed(self, html: str) -> None:
        at = 0
        while not self.unclear and at < len(html):
            at = self._past_comment(html, at) if self.in_comment else self._past_tag(html, at)

    def _past_comment(self, html: str, at: int) -> int:
        end = html.find("-->", at)
        self.in_comment = end < 0
        return len(html) if end < 0 else end + 3

    def _past_tag(self, html: str, at: int) -> int:
        start = html.find("<", at)
        if start < 0:
            return len(html)
        if html.startswith("<!--", start):
            self.in_comment = True  # `<!-->` as well: not every reader takes that for a whole comment
            return start + 4
        tag = _NAME.match(html, start)
        if tag is None:
            return self._end(html, start) if html.startswith(("<!", "<?", "</"), start) else start + 1
        end = self._end(html, tag.end())
        if not self.unclear:
            self._turn(tag[2].lower(), closes=bool(tag[1]))
        return end

    def _end(self, html: str, at: int) -> int:
        """Behind the `>` that ends what began, outside of quotes; without one it is unclear what ends it."""
        while (stop := _STOP.search(html, at)) is not None:
            if stop[0] == ">":
                return stop.end()
            if (at := html.find(stop[0], stop.end()) + 1) == 0:
                break
        self.unclear = True
        return len(html)

    def _turn(self, name: str, *, closes: bool) -> None:
        if name in _PLAIN or name in _EMPTY:
            return
        if not closes:
            self.elements.append(name)
        elif name in self.elements:
            # Only this one: a browser keeps others open that were begun within it.
            last = len(self.elements) - 1 - self.elements[::-1].index(name)
            del self.elements[last]
