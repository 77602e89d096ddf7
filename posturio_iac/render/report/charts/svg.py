"""Small pieces of SVG as text: safe for any content, and coloured only by classes of the page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from posturio_iac.core.text.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


def el(tag: str, *inside: str, **attributes: object) -> str:
    """An element. ``inside`` is markup; attributes are escaped, ``_`` stands for ``-`` in names, and ``class_`` is ``class``."""
    names = (f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"' for name, value in attributes.items() if value is not None)
    head = f"<{tag}{''.join(names)}"
    return f"{head}>{''.join(inside)}</{tag}>" if inside else f"{head}/>"


def words(text: str) -> str:
    return escape(printable(text), quote=False)


def label(x: float, y: float, text: str, *, class_: str = "", anchor: str = "start") -> str:
    return el("text", words(text), x=x, y=y, class_=class_ or None, text_anchor=anchor if anchor != "start" else None)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return el("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", class_=class_)


def picture(name: str, wide: float, high: float, title: str, description: str, parts: Iterable[str]) -> str:
    """A whole picture with its text alternatives; ``name`` is unique in the page."""
    head = el("title", words(title), id=f"{name}-title") + el("desc", words(description), id=f"{name}-desc")
    return el(
        "svg",
        head,
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(wide)} {number(high)}",
        width=wide,
        height=high,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def _value(value: object) -> str:
    return number(value) if isinstance(value, (int, float)) else escape(printable(str(value)))


def steps(most: int) -> list[int]:
    """The values of an axis from 0 to at least ``most``: three to six of them, round ones."""
    if most <= 0:
        return [0, 1]
    size = 1
    while True:
        for factor in (1, 2, 5):
            step = size * factor
            if most <= step * 5:
                return list(range(0, most + step, step))[: -(-most // step) + 1]
        size *= 10
