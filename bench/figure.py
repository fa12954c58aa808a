"""One figure: what we do, what a peer or a floor does, and whether the goal is met."""

from schemas._record import Record


class Figure(Record):
    """One line of the report."""

    name: str
    unit: str
    """Of both numbers."""
    ours: float | None = None
    """None where it was not measured."""
    peer: float | None = None
    """None where the goal is a number by itself."""
    ratio: float | None = None
    """Ours divided by the peer's."""
    goal: str | None = None
    met: bool | None = None
    """None where there is no goal, or nothing was measured."""
    note: str = ""
    """Why it was not measured, or what bears on reading it."""


def compared(
    name: str,
    unit: str,
    ours: float,
    peer: float,
    *,
    at_least: float | None = None,
    note: str = "",
) -> Figure:
    """Set our number beside a peer's; the goal is the least that ours may be of it."""
    ratio = ours / peer
    return Figure(
        name=name,
        unit=unit,
        ours=ours,
        peer=peer,
        ratio=ratio,
        goal=None if at_least is None else f">= {at_least:.3g}x",
        met=None if at_least is None else ratio >= at_least,
        note=note,
    )


def at_least(name: str, unit: str, ours: float, least: float, note: str = "") -> Figure:
    """Hold our number to a least one."""
    goal = f">= {least:,.0f}"
    return Figure(name=name, unit=unit, ours=ours, goal=goal, met=ours >= least, note=note)


def below(name: str, unit: str, ours: float, limit: float, note: str = "") -> Figure:
    """Hold our number below a limit."""
    goal = f"< {limit:,.0f}"
    return Figure(name=name, unit=unit, ours=ours, goal=goal, met=ours < limit, note=note)


def unmeasured(name: str, unit: str, goal: str, remedy: str) -> Figure:
    """Say that a figure was not measured, and what to do about it."""
    return Figure(name=name, unit=unit, goal=goal, note=f"not measured: {remedy}")


def line(figure: Figure) -> str:
    """Write a figure in one line, in columns."""
    if figure.ours is None:
        return f"{figure.name:<32} {figure.note}"
    ours = f"{_number(figure.ours)} {figure.unit}"
    peer = f"peer {_number(figure.peer)}" if figure.peer is not None else ""
    ratio = f"{figure.ratio:.3g}x" if figure.ratio is not None else ""
    goal = f"goal {figure.goal}" if figure.goal else "no goal"
    said = {True: "met", False: "MISSED", None: ""}[figure.met]
    note = f"({figure.note})" if figure.note else ""
    columns = f"{figure.name:<32} {ours:>32}  {peer:>16} {ratio:>9}  {goal:<15} {said:<6} {note}"
    return columns.rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
