"""What of a page no reader can see: a paper's author may have written it for machines alone.

White words on white paper have told language models to praise a paper since 2025. What is found
here is left out of a full text and counted, so that a reader is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

_SAME = 16  # steps of 255 by which two colours may differ and still look alike
_SMALLEST = 0.2  # of the text's size of about 10 pt; \tiny is 0.5
_FAR = 500.0  # pixels: nothing is moved so far to be read
_FAINT = 0.05

# Characters without a shape: joiners, directions, invisible operators, fillers, and the tags of
# plane 14, in which whole sentences can be written. The second half is innocent, and not counted.
_SHAPELESS = re.compile(
    "([\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff])"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\ufe00-\ufe0f\ufffe\uffff]"
)
_LENGTH = re.compile(r"(-?[0-9]*\.?[0-9]+)(px|pt|em|rem|ex|%|pc|in|cm|mm)?")
_PIXELS = {
    "px": 1, "pt": 4 / 3, "em": 13.3, "rem": 13.3, "ex": 6, "pc": 16, "in": 96, "cm": 38, "mm": 3.8
}  # fmt: skip
_RGB = re.compile(r"rgba?\(\s*([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,/]*([0-9.]*)")
_NAMES = {"white": WHITE, "black": BLACK, "snow": (255, 250, 250), "ivory": (255, 255, 240)}
_MOVED = frozenset({"left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top"})
_NO_ROOM = frozenset({"width", "height", "max-width", "max-height"})
_CLIPPED = re.compile(r"rect\(\s*0|inset\(\s*(?:50|100)%|circle\(\s*0")
_SCALED = re.compile(r"scale[xy]?\(\s*0(?:\.0[0-9]*)?\s*[,)]")
_HIDDEN_CLASSES = frozenset(
    {"hidden", "d-none", "sr-only", "visually-hidden", "ltx_phantom", "ltx_nodisplay"}
)


def shaped(text: str) -> tuple[str, int]:
    """`text` without characters that have no shape; and how many there were, control characters
    and soft hyphens not counted."""
    if text.isascii() and text.isprintable():
        return text, 0
    seen, number = _SHAPELESS.subn("", text)
    return seen, sum(1 for found in _SHAPELESS.finditer(text) if found[1]) if number else 0


@dataclass(frozen=True, slots=True)
class Style:
    """What a style attribute says that can hide text; None where it says nothing."""

    colour: Colour | None = None
    ground: Colour | None = None
    size: float | None = None  # of the surrounding text's, or of 10 pt if `absolute`
    absolute: bool = False
    opacity: float = 1.0
    gone: bool = False


_PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks at one place of a page: what its ancestors' styles come to. `ground` is None
    where something may have been drawn under it."""

    colour: Colour = BLACK
    ground: Colour | None = WHITE
    size: float = 1.0
    opacity: float = 1.0
    gone: bool = False
    unseen: bool = field(init=False)  # whether text here leaves no mark on the page

    def __post_init__(self) -> None:
        alike = self.ground is not None and _alike(self.colour, self.ground)
        faint = self.size < _SMALLEST or self.opacity < _FAINT
        object.__setattr__(self, "unseen", self.gone or alike or faint)

    def within(self, attributes: Mapping[str, str | None]) -> Look:
        """The look inside an element with these attributes."""
        style = _style(attributes.get("style") or "")
        gone = style.gone or "hidden" in attributes or attributes.get("aria-hidden") == "true"
        gone = gone or not _HIDDEN_CLASSES.isdisjoint((attributes.get("class") or "").split())
        drawn = attributes.get("color")  # foreignObject's
        colour = style.colour or (_colour(drawn) if drawn else None)
        if style is _PLAIN and colour is None and not gone:
            return self
        size = (style.size or 0.0) * (1.0 if style.absolute else self.size)
        return Look(
            colour or self.colour,
            style.ground or self.ground,
            self.size if style.size is None else size,
            self.opacity * style.opacity,
            self.gone or gone,
        )

    def over_drawing(self) -> Look:
        """The look inside a picture in which shapes may lie under the text."""
        return replace(self, ground=None)


def light(value: str | None) -> bool:
    """Whether a colour is nearly white, or none at all."""
    colour = _colour((value or "none").strip().lower())
    return colour is None or _alike(colour, WHITE)


def _alike(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _SAME for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=256)
def _style(source: str) -> Style:
    """What a style attribute says."""
    said = dict(_declarations(source))
    colour = _colour(said.get("color") or said.get("--ltx-fg-color") or "")
    ground = said.get("background-color") or said.get("background") or said.get("--ltx-bg-color")
    size, absolute = _font_size(said.get("font-size", ""))
    opacity = _number(said.get("opacity", "1"))
    style = Style(colour, _colour(ground or ""), size, absolute, opacity, _gone(said))
    return _PLAIN if style == _PLAIN else style


def _declarations(source: str) -> Iterator[tuple[str, str]]:
    for declaration in source.lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            yield name.strip(), value.replace("!important", "").strip()


def _gone(said: Mapping[str, str]) -> bool:
    if said.get("display") == "none" or said.get("visibility") in ("hidden", "collapse"):
        return True
    if said.get("color") == "transparent":
        return True
    if any(abs(_pixels(said[name])) >= _FAR for name in _MOVED & said.keys()):
        return True
    shut = "hidden" in said.get("overflow", "") or "clip" in said.get("overflow", "")
    if shut and any(_pixels(said[name], 1) <= 0 for name in _NO_ROOM & said.keys()):
        return True
    clip = said.get("clip-path") or said.get("clip") or ""
    return bool(_CLIPPED.search(clip) or _SCALED.search(said.get("transform", "")))


def _pixels(value: str, default: float = 0.0) -> float:
    found = _LENGTH.fullmatch(value)
    if not found or found[2] == "%":
        return default
    return float(found[1]) * _PIXELS[found[2] or "px"]


def _number(value: str) -> float:
    found = _LENGTH.fullmatch(value)
    return float(found[1]) / (100 if found[2] == "%" else 1) if found else 1.0


def _font_size(value: str) -> tuple[float | None, bool]:
    """A size as a part of another, and whether that is 10 pt rather than the text around it."""
    found = _LENGTH.fullmatch(value)
    if not found:
        return None, False
    number, unit = float(found[1]), found[2] or "px"
    if unit in ("%", "em", "ex"):
        return number / {"%": 100, "em": 1, "ex": 2}[unit], False
    return number * _PIXELS[unit] / 13.3, True


def _colour(value: str) -> Colour | None:
    """A colour as CSS or LaTeXML write it; None for none, or one that can't be told."""
    if value.startswith("#"):
        digits = value[1:]
        digits = "".join(d * 2 for d in digits) if len(digits) in (3, 4) else digits
        try:
            red, green, blue = bytes.fromhex(digits[:6])
        except ValueError:
            return None
        return red, green, blue
    found = _RGB.match(value)
    return (int(found[1]), int(found[2]), int(found[3])) if found else _NAMES.get(value)


_ONE = r"\s*1(?:\.0*)?\s*"
_NIL = r"\s*0(?:\.0*)?\s*"
_IN_WHITE = (
    rf"\s*(?:\[\w*\])?\s*\{{(?:\s*white\s*|{_ONE}|{_ONE},{_ONE},{_ONE}|\s*[Ff]{{6}}\s*"
    rf"|{_NIL},{_NIL},{_NIL},{_NIL}|255,255,255)\}}"
)
# Each ends before the group that it hides; `\color` hides the rest of the group it stands in.
_UNSEEN_TEX = re.compile(
    rf"\\[hv]?phantom\s*(?=\{{)|\\textcolor{_IN_WHITE}\s*(?=\{{)|(?P<rest>\\color{_IN_WHITE})"
)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def seen_tex(tex: str) -> tuple[str, int]:
    """A formula without its phantoms and what is white in it; and how many characters those had."""
    if "phantom" not in tex and "color" not in tex:
        return tex, 0
    pieces, at, hidden = [], 0, 0
    while found := _UNSEEN_TEX.search(tex, at):
        end = _group_end(tex, found.end(), depth=1 if found["rest"] else 0)
        pieces.append(tex[at : found.start()])
        hidden += end - found.end()
        at = end
    return "".join([*pieces, tex[at:]]), hidden


def _group_end(tex: str, start: int, depth: int) -> int:
    """Where a group ends: after its brace if it begins at `start`, else (depth 1) before it."""
    around = depth
    for brace in _BRACE.finditer(tex, start):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return brace.start() if around else brace.end()
    return len(tex)
