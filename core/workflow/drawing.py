"""A workflow as an SVG picture: boxes from top to bottom, arrows between them, nothing loaded from elsewhere.

It is readable on light and dark pages, and whatever stands in the file stands in it as text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from core.workflow.file import Workflow
from core.workflow.graph import Graph, Node, graph

WIDTH = 360
GAP = 34
MARGIN = 20
SIDE = 150
"""Room to the right of a column for what leads back into a box."""
LINE = 18
PADDING = 12
_CHARACTERS = 46
"""How many fit into a box; a longer text is cut, and stands whole in the box's tooltip."""

_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .when, .edge { font-style: italic; fill: #59636e; }
  rect { stroke-width: 1.5; }
  .model { fill: #eae2fd; stroke: #8250df; }
  .command { fill: #ddf4e4; stroke: #1a7f37; }
  .people { fill: #fff3cd; stroke: #9a6700; }
  .github { fill: #dcecff; stroke: #0969da; }
  .end { fill: #f0f2f4; stroke: #818b98; }
  path { fill: none; stroke: #818b98; stroke-width: 1.5; }
  marker path { fill: #818b98; stroke: none; }
  .failed { stroke-dasharray: 5 4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .when, .edge { fill: #9da7b1; }
    .model { fill: #2f2149; }
    .command { fill: #12301c; }
    .people { fill: #3a2d0b; }
    .github { fill: #10294a; }
    .end { fill: #212830; }
  }
"""


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a node stands."""

    x: int
    y: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + WIDTH // 2

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def right(self) -> int:
        return self.x + WIDTH


@dataclass
class _Canvas:
    shapes: list[str] = field(default_factory=list)
    width: int = 0
    height: int = 0

    def grow(self, x: int, y: int) -> None:
        self.width, self.height = max(self.width, x + MARGIN), max(self.height, y + MARGIN)


def svg(workflow: Workflow) -> str:
    """The picture, as one SVG document."""
    drawn, canvas = graph(workflow), _Canvas()
    start = _pill(canvas, MARGIN, " or ".join(drawn.starts) or drawn.name)
    last = _column(canvas, drawn.nodes, MARGIN, start)
    end = _pill(canvas, last.bottom + GAP, "done")
    _down(canvas, last, end)
    return "\n".join(_document(drawn, canvas)) + "\n"


def _document(drawn: Graph, canvas: _Canvas) -> Iterator[str]:
    size = f'width="{canvas.width}" height="{canvas.height}" viewBox="0 0 {canvas.width} {canvas.height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="name">'
    yield f'<title id="name">{_text(drawn.name)}</title>'
    yield f"<style>{_STYLE}</style>"
    yield '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    yield ' orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
    yield from canvas.shapes
    yield "</svg>"


def _column(canvas: _Canvas, nodes: tuple[Node, ...], x: int, above: _Box) -> _Box:
    """Each node below the one before it; beside it, what mends it or is done for its items. The last box."""
    y = above.bottom + GAP
    for node in nodes:
        box = _node(canvas, node, x, y)
        _down(canvas, above, box)
        y = box.bottom + GAP
        if node.aside:
            y = max(y, _aside(canvas, node, box) + GAP)
        above = box
    return above


def _aside(canvas: _Canvas, node: Node, beside: _Box) -> int:
    """What is done when the node failed, or for each of its items, in a column to its right, and the way back; where
    that ends below."""
    there, again = node.there_and_back
    x, y = beside.right + SIDE, beside.y
    before: _Box | None = None
    bottom = beside.bottom
    for one in node.aside:
        box = _node(canvas, one, x, y)
        if before is None:
            _path(canvas, f"M{beside.right} {box.y + PADDING} H{box.x - 2}", "failed")
            _label(canvas, beside.right + 8, box.y + PADDING - 5, there)
        else:
            _down(canvas, before, box, "failed")
        before, y = box, box.bottom + GAP
        bottom = box.bottom
        if one.aside:
            bottom = max(bottom, _aside(canvas, one, box))
            y = max(y, bottom + GAP)
    if before is not None:
        back = beside.bottom - PADDING
        turn = before.bottom + GAP // 2
        _path(
            canvas,
            f"M{before.middle} {before.bottom} V{turn} H{beside.right + SIDE // 2} V{back} H{beside.right + 2}",
            "failed",
        )
        _label(canvas, beside.right + 8, back - 5, again)
        bottom = max(bottom, turn)
        canvas.grow(before.right, turn)
    return bottom


def _node(canvas: _Canvas, node: Node, x: int, y: int) -> _Box:
    lines = [(node.title, "title"), (node.words, "")]
    if node.when is not None:
        lines.append((f"when {node.when}", "when"))
    lines += [(f"↻ {why}", "when") for why in node.again]
    if node.goes_on:
        lines.append(("the run continues without it if it fails", "when"))
    return _rectangle(canvas, x, y, lines, str(node.family), 8)


def _pill(canvas: _Canvas, y: int, text: str) -> _Box:
    return _rectangle(canvas, MARGIN, y, [(text, "title")], "end", 20)


def _rectangle(canvas: _Canvas, x: int, y: int, lines: list[tuple[str, str]], kind: str, radius: int) -> _Box:
    box = _Box(x, y, len(lines) * LINE + 2 * PADDING - 4)
    place = f'x="{x}" y="{y}" width="{WIDTH}" height="{box.height}" rx="{radius}"'
    whole = "\n".join(text for text, _ in lines)
    canvas.shapes.append(f'<g><title>{_text(whole)}</title><rect class="{kind}" {place}/>')
    for number, (text, style) in enumerate(lines):
        at = f'x="{box.middle}" y="{y + PADDING + LINE * number + 11}" text-anchor="middle"'
        styled = f' class="{style}"' if style else ""
        canvas.shapes.append(f"<text {at}{styled}>{_text(_cut(text))}</text>")
    canvas.shapes.append("</g>")
    canvas.grow(box.right, box.bottom)
    return box


def _down(canvas: _Canvas, above: _Box, below: _Box, kind: str = "") -> None:
    _path(canvas, f"M{above.middle} {above.bottom} V{below.y - 2}", kind)


def _path(canvas: _Canvas, way: str, kind: str = "") -> None:
    styled = f' class="{kind}"' if kind else ""
    canvas.shapes.append(f'<path d="{way}"{styled} marker-end="url(#arrow)"/>')


def _label(canvas: _Canvas, x: int, y: int, text: str) -> None:
    canvas.shapes.append(f'<text class="edge" x="{x}" y="{y}">{_text(text)}</text>')


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1].rstrip() + "…"


def _text(text: str) -> str:
    """The text as XML may hold it: characters that XML has no place for are gone."""
    return escape("".join(char for char in text if char == "\n" or char.isprintable()))
