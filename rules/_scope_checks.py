"""What must hold of the scopes of a configuration: of each by itself, and of one within another."""

from collections.abc import Callable, Collection, Iterator
from math import inf
from typing import NamedTuple

from rules._toml_lines import Path
from rules._toml_page import Page, suggest
from schemas.story import Kind


def scopes(page: Page) -> Iterator[Path]:
    """Give the path of every scope."""
    for section in ("agreements", "editions"):
        yield from ((*at, "scope") for at in page.each(section))


def check_scopes(page: Page, populations: Collection[str]) -> None:
    """Note every fault of a scope that no file of organisations has a say in."""
    for at in scopes(page):
        _check_predecessors(page, at)
        _check_bounds(page, at)
        for place, name in page.texts((*at, "populations")):
            if name not in populations:
                what = f"`{name}` is no population"
                page.fault(place, what, suggest(name, populations))


def _check_predecessors(page: Page, at: Path) -> None:
    beside = page.at((*at, "organisations")) or page.at((*at, "populations"))
    if page.at((*at, "with_predecessors")) is True and not beside:
        what, remedy = "no organisations stand beside it", "name them, or take this out"
        page.fault((*at, "with_predecessors"), what, remedy)


def _check_bounds(page: Page, at: Path) -> None:
    least, most = _stars(page, at)
    if least > most:
        what = f"the greatest rating {most:g} is below the least, {least:g}"
        page.fault((*at, "rating_to"), what, "correct one of the two ratings")


class _Single(NamedTuple):
    """Something that a story has one of: scopes that share none of it hold no story in common."""

    key: str
    """Where a fault of it is told."""
    words: str
    shared: Callable[[Page, Path, Path], bool]
    remedy: str = "widen an agreement, or take this edition out"


def check_within(page: Page, edition: Path, agreements: Collection[Path]) -> None:
    """Note where no agreement can let in any story that an edition is to show."""
    at = (*edition, "scope")
    for single in _SINGLE:
        if not any(single.shared(page, at, (*agreement, "scope")) for agreement in agreements):
            partner = page.text((*edition, "partner"))
            what = f"no agreement of `{partner}` allows any of these {single.words}"
            open_below = single.key == "rating_from" and page.at((*at, single.key)) is None
            key = "rating_to" if open_below else single.key
            page.fault((*at, key), what, single.remedy)
            return


def _shares_kinds(page: Page, one: Path, other: Path) -> bool:
    mine, theirs = _words(page, one, "kinds"), _words(page, other, "kinds")
    if mine and theirs:
        return bool(mine & theirs)
    # Who names no kinds means all but posts.
    return mine | theirs != {Kind.POST}


def _shares_bands(page: Page, one: Path, other: Path) -> bool:
    return _shares(page, one, other, "age_bands")


def _shares(page: Page, one: Path, other: Path, key: str) -> bool:
    mine, theirs = _words(page, one, key), _words(page, other, key)
    return not (mine and theirs) or bool(mine & theirs)


def _words(page: Page, at: Path, key: str) -> set[str]:
    return {text.casefold() for _, text in page.texts((*at, key))}


def _shares_ratings(page: Page, one: Path, other: Path) -> bool:
    (least, most), (from_, to) = _stars(page, one), _stars(page, other)
    # Bounds that are the wrong way round are a fault of their own.
    return max(least, from_) <= min(most, to) or least > most or from_ > to


def _stars(page: Page, at: Path) -> tuple[float, float]:
    """Give the bounds of a scope's ratings; those that are open, or no numbers, bound nothing."""
    named = page.at((*at, "rating_from")), page.at((*at, "rating_to"))
    least, most = (
        number if isinstance(number, int | float) else bound
        for number, bound in zip(named, (-inf, inf), strict=True)
    )
    return least, most


_NAME_POSTS = (
    "widen an agreement, or take this edition out; posts are in no scope that does not name them"
)

# Several organisations, populations or tags of one story may lie in two scopes that share none.
_SINGLE = (
    _Single("kinds", "kinds", _shares_kinds, _NAME_POSTS),
    _Single("age_bands", "age bands", _shares_bands),
    _Single("rating_from", "ratings", _shares_ratings),
)
