"""Just enough of a document tree to ask a page what it says. tests/e2e has a real browser's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass
class Node:
    """An element: its attributes, and what is inside it, text being `str`."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Node]:
        """This element and all inside it, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    @property
    def text(self) -> str:
        """The text inside, with single blanks."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, Node):
                yield from child._texts()
            else:
                yield child

    def all(self, selector: str) -> list[Node]:
        """The elements of a `tag`, `.class`, `#id`, or `tag.class`."""
        if "#" in selector:
            tag, _, wanted = selector.partition("#")
            return [n for n in self if tag in ("", n.tag) and n.attributes.get("id") == wanted]
        tag, _, wanted = selector.partition(".")
        return [
            n
            for n in self
            if tag in ("", n.tag)
            and (not wanted or wanted in n.attributes.get("class", "").split())
        ]

    def one(self, selector: str) -> Node:
        """The only such element."""
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} of {selector}"
        return found[0]

    def texts(self, selector: str) -> list[str]:
        return [node.text for node in self.all(selector)]

    def meta(self, name: str) -> str | None:
        """The content of a `<meta name>`."""
        return next(
            (n["content"] for n in self.all("meta") if n.attributes.get("name") == name), None
        )


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Node:
    """The tree of a page whose every element is closed where it has to be."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert len(builder.open) == 1, f"<{builder.open[-1].tag}> is never closed"
    return builder.open[0]
