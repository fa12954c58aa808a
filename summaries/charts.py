"""Draw numbers as inline SVG: no script, no font, the same bytes for the same numbers.

Spec: https://www.w3.org/TR/SVG11/
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

WIDTH = 720
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 22, 26


class Series(NamedTuple):
    """One row of bars or one line; None is unknown and leaves a gap."""

    name: str
    shade: str
    """The CSS class that colours it: `a` or `b`."""
    values: Sequence[int | None]


def columns(title: str, labels: Sequence[str], series: Sequence[Series], height: int = 220) -> str:
    """Draw stacked columns, one for each label."""
    tops = [sum(s.values[i] or 0 for s in series) for i in range(len(labels))]
    ceiling = _ceiling(max(tops, default=0))
    plot = height - _TOP - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    parts = [_grid(ceiling, height)]
    for place, label in enumerate(labels):
        base = float(height - _BOTTOM)
        for one in series:
            value = one.values[place]
            if not value:
                continue
            tall = plot * value / ceiling
            x, wide = _LEFT + place * step + step * 0.1, step * 0.8
            base -= tall
            parts.append(
                f'<rect class="{one.shade}" x="{x:.1f}" y="{base:.1f}" width="{wide:.1f}"'
                f' height="{tall:.1f}"><title>{escape(label)}, {escape(one.name)}: {value:,}'
                "</title></rect>"
            )
    parts.append(_ticks(labels, step, height))
    return _figure(title, _legend(series) + "".join(parts), height)


def bars(title: str, rows: Sequence[tuple[str, int]], shade: str = "a") -> str:
    """Draw one bar for each row, its figure beside it."""
    tall = 30
    ceiling = max((value for _, value in rows), default=0) or 1
    label_wide, figure_wide = 300, 80
    plot = WIDTH - label_wide - figure_wide
    parts = []
    for place, (name, value) in enumerate(rows):
        y = place * tall
        wide = plot * value / ceiling
        parts.append(
            f'<text x="{label_wide - 8}" y="{y + 21}" class="label end">'
            f"{escape(_short(name))}</text>"
            f'<rect class="{shade}" x="{label_wide}" y="{y + 6}" width="{wide:.1f}" height="18"/>'
            f'<text x="{label_wide + wide + 6:.1f}" y="{y + 21}" class="figure">{value:,}</text>'
        )
    return _figure(title, "".join(parts), max(len(rows), 1) * tall)


def _figure(title: str, inner: str, height: int) -> str:
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{inner}</svg>'
    )


def _legend(series: Sequence[Series]) -> str:
    if len(series) == 1:
        return ""
    parts, x = [], _LEFT
    for one in series:
        parts.append(
            f'<rect class="{one.shade}" x="{x}" y="2" width="12" height="12"/>'
            f'<text x="{x + 17}" y="12" class="label">{escape(one.name)}</text>'
        )
        x += 40 + 7 * len(one.name)
    return "".join(parts)


def _grid(ceiling: int, height: int) -> str:
    plot = height - _TOP - _BOTTOM
    lines = []
    for quarter in range(5):
        y = height - _BOTTOM - plot * quarter / 4
        lines.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="label end">'
            f"{_figure_text(ceiling * quarter / 4)}</text>"
        )
    return "".join(lines)


def _ticks(labels: Sequence[str], step: float, height: int) -> str:
    every = max(1, -(-len(labels) // 8))
    return "".join(
        f'<text x="{_LEFT + (place + 0.5) * step:.1f}" y="{height - 8}" class="label middle">'
        f"{escape(label)}</text>"
        for place, label in enumerate(labels)
        if place % every == 0
    )


def _ceiling(most: int) -> int:
    """Round up to a number whose quarters are whole and short, with headroom for the highest."""
    steps: list[int] = [m * 10**e for e in range(12) for m in (4, 6, 8, 12, 16, 20, 24, 32)]
    for low, high in pairwise([0, *sorted(s for s in set(steps) if s % 4 == 0)]):
        if low < most * 1.02 <= high:
            return high
    return 4


def _figure_text(value: float) -> str:
    if value >= 1_000_000:  # noqa: PLR2004
        return f"{value / 1_000_000:g}M"
    if value >= 10_000:  # noqa: PLR2004
        return f"{value / 1_000:g}k"
    return f"{value:,.0f}"


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
