"""What must hold between the tables of a configuration.

Every check looks at what is written, not at the records made of it, so that a fault in one key
hides none in another.
"""

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from rules._organisation_files import Known
from rules._scope_checks import check_scopes, check_within, scopes
from rules._toml_lines import Path
from rules._toml_page import Page, suggest
from schemas.config import ReportPull
from schemas.partner import SANDBOX, Partner
from schemas.views import Method

SECTIONS = ("channels", "partners", "agreements", "editions", "reports", "populations")
"""The tables of which there may be many."""

_METHODS = tuple(map(str, Method))
_COUNTERS: tuple[str, ...] = Partner.model_fields["counters"].default
_REPORT: str = ReportPull.model_fields["method"].default
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(:\d{1,5})?")


def check(page: Page, known: Known, formats: Collection[str]) -> None:
    """Note every fault that lies between tables, or in a value that a type alone cannot judge."""
    for section in SECTIONS:
        _check_section(page, section)
    _check_ids(page)
    _check_http(page)
    partners = _ids(page, "partners")
    _check_platforms(page, partners)
    _check_agreements(page, partners, formats)
    _check_editions(page, partners)
    _check_sites(page)
    _check_reports(page)
    _check_organisations(page, known)


def _check_section(page: Page, section: str) -> None:
    found = page.at((section,))
    if found is None or (isinstance(found, list) and all(isinstance(each, dict) for each in found)):
        return
    page.fault((section,), "must be a list of tables", f"write [[{section}]] above each of them")


def _check_ids(page: Page) -> None:
    for section in SECTIONS:
        first: dict[tuple[str, str | None], Path] = {}
        for at in page.each(section):
            if (id_ := page.text((*at, "id"))) is None:
                continue
            # Two partners may each have an edition `all`.
            partner = page.text((*at, "partner")) if section == "editions" else None
            before = first.setdefault((id_, partner), at)
            if before != at:
                what = f"`{id_}` is taken already, on line {page.line((*before, 'id'))}"
                page.fault((*at, "id"), what, "give each an id of its own")


def _check_http(page: Page) -> None:
    for at, text in page.texts(("http", "allow")):
        if not (_HOST.fullmatch(text) or _is_network(text)):
            remedy = "write a host, a host:port or a network: 10.0.0.8:8080, 10.0.0.0/24"
            page.fault(at, f"`{text}` is no address of a host", remedy)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _check_platforms(page: Page, partners: Collection[str]) -> None:
    for at in page.each("partners"):
        _check_zone(page, (*at, "zone"))
        _check_page(page, (*at, "page_url"))
        seen: set[str] = set()
        for counter, method in page.texts((*at, "counters")):
            if method not in _METHODS:
                what = f"`{method}` is no method of counting"
                page.fault(counter, what, suggest(method, _METHODS))
            elif method in seen:
                page.fault(counter, f"`{method}` stands twice", "name each method once")
            seen.add(method)
    for at in page.each("channels"):
        _check_zone(page, (*at, "own_site", "zone"))
        channel = page.text((*at, "id"))
        if page.at((*at, "own_site")) is not None and channel in partners:
            what = f"a partner is called `{channel}` too: whose counts would these be?"
            page.fault((*at, "own_site"), what, "give the channel or the partner another id")


def _check_page(page: Page, at: Path) -> None:
    url = page.text(at)
    if url is not None and not _ADDRESS.fullmatch(url):
        page.fault(at, f"`{url}` is no address of a page", "write it whole: https://...")


def _check_zone(page: Page, at: Path) -> None:
    zone = page.text(at)
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # what a name raises depends on its slashes
        remedy = "write a name of the IANA database: Europe/London"
        page.fault(at, f"`{zone}` is no time zone", remedy)


def _check_agreements(page: Page, partners: Collection[str], formats: Collection[str]) -> None:
    for at in page.each("agreements"):
        _check_partner(page, at, partners)
        for place, name in page.texts((*at, "formats")):
            if name not in formats:
                page.fault(place, f"`{name}` is no feed format", suggest(name, formats))
        _check_term(page, at, "valid_from", "valid_to")
    _check_public(page)


def _check_public(page: Page) -> None:
    # Which agreement let a story in is noted nowhere, so that one that is not public decides.
    closed = {
        page.text((*at, "partner")): page.text((*at, "id")) or ""
        for at in page.each("agreements")
        if page.at((*at, "public")) in (None, False)
    }
    for at in page.each("agreements"):
        partner = page.text((*at, "partner"))
        if page.at((*at, "public")) is True and partner in closed:
            what = f"the agreement `{closed[partner]}` of `{partner}` is not, so nothing is"
            page.fault(
                (*at, "public"), what, "write it in every agreement of a partner, or in none"
            )


def _check_term(page: Page, at: Path, first: str, last: str) -> None:
    start, end = _day(page.at((*at, first))), _day(page.at((*at, last)))
    if start and end and end < start:
        what = f"the last day {end} is before the first, {start}"
        page.fault((*at, last), what, "correct one of the two days")


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _check_partner(page: Page, at: Path, partners: Collection[str]) -> str | None:
    """Give the partner that a table names; None, and a fault, where there is none of that id."""
    partner = page.text((*at, "partner"))
    if partner is None or partner in partners:
        return partner
    page.fault((*at, "partner"), f"`{partner}` is no partner", suggest(partner, partners))
    return None


def _check_editions(page: Page, partners: Collection[str]) -> None:
    agreements: dict[str | None, list[Path]] = {}
    for at in page.each("agreements"):
        agreements.setdefault(page.text((*at, "partner")), []).append(at)
    for at in page.each("editions"):
        if page.text((*at, "id")) == SANDBOX:
            what = f"`{SANDBOX}` is the edition in which a partner is tried"
            page.fault((*at, "id"), what, "give this one another id")
        partner = _check_partner(page, at, partners)
        if partner is None:
            continue
        agreed = agreements.get(partner, [])
        if not agreed:
            what = f"no agreement lets `{partner}` receive anything"
            remedy = f'write [[agreements]] with partner = "{partner}", or take this edition out'
            page.fault(at, what, remedy)
            continue
        check_within(page, at, agreed)


def _check_sites(page: Page) -> None:
    first: dict[tuple[str | None, str], Path] = {}
    for edition in page.each("editions"):
        at = (*edition, "site", "locale")
        if (locale := page.text(at)) is None:
            continue
        before = first.setdefault((page.text((*edition, "partner")), locale), at)
        if before != at:
            what = f"`{locale}` is taken already, on line {page.line(before)}"
            page.fault(at, what, "give each edition of a partner a region of its own")


def _check_reports(page: Page) -> None:
    counters, channels = _counters(page), _ids(page, "channels")
    for at in page.each("reports"):
        _check_platform(page, at, counters, channels)
        _check_term(page, at, "since", "until")
        url = page.text((*at, "url")) or ""
        for name in sorted(set(_PLACEHOLDER.findall(url)) - {"month"}):
            what = f"nothing is known to put for {{{name}}}"
            page.fault((*at, "url"), what, "write {month}")
        if (page.at((*at, "secret")) is None) != (page.at((*at, "header")) is None):
            what, remedy = "`header` and `secret` need each other", "write both, or neither"
            page.fault(at, what, remedy)


def _check_platform(
    page: Page, at: Path, counters: Mapping[str, Collection[str]], channels: Collection[str]
) -> None:
    platform = page.text((*at, "platform"))
    method = page.text((*at, "method")) or _REPORT
    if platform is None:
        return
    if platform not in counters:
        remedy = suggest(platform, counters)
        if platform in channels:
            remedy = f"give the channel `{platform}` a table [channels.own_site]"
        page.fault((*at, "platform"), f"nothing called `{platform}` is counted", remedy)
    elif method in _METHODS and method not in counters[platform]:
        what, remedy = f"`{platform}` is not counted by `{method}`", suggest("", counters[platform])
        page.fault((*at, "method"), what, remedy)


def _counters(page: Page) -> Mapping[str, Collection[str]]:
    """List who is counted, and by which methods."""
    counters: dict[str, Collection[str]] = {
        str(page.text((*at, "id"))): (str(Method.OWN_SITE),)
        for at in page.each("channels")
        if page.at((*at, "own_site")) is not None
    }
    for at in page.each("partners"):
        said = [method for _, method in page.texts((*at, "counters"))]
        is_said = isinstance(page.at((*at, "counters")), list)
        counters[str(page.text((*at, "id")))] = said if is_said else _COUNTERS
    return counters


def _check_organisations(page: Page, known: Known) -> None:
    for at in page.each("populations"):
        _check_population(page, at)
    check_scopes(page, _ids(page, "populations"))
    if not known.whole:
        return  # the missing file may know them
    _check_ids_of_organisations(page, known)
    for place, region in _texts(page, scopes(page), "regions"):
        if region not in known.regions:
            what = f"no organisation lies in `{region}`"
            page.fault(place, what, suggest(region, known.regions))
    for place, type_ in _texts(page, page.each("populations"), "types"):
        if type_ not in known.types:
            what = f"no organisation is of the type `{type_}`"
            page.fault(place, what, suggest(type_, known.types))


def _check_ids_of_organisations(page: Page, known: Known) -> None:
    right = {id_.casefold(): id_ for id_ in known.ids}
    right |= {id_.partition(":")[2].casefold(): id_ for id_ in known.ids}
    tables = (*scopes(page), *page.each("populations"))
    named = (*_texts(page, tables, "organisations"), *_texts(page, tables, "below"))
    for place, organisation in named:
        if organisation not in known.ids:
            meant = right.get(organisation.casefold())
            remedy = f"did you mean `{meant}`?" if meant else "add it to a file, or correct it"
            page.fault(place, f"no file of organisations knows `{organisation}`", remedy)


def _check_population(page: Page, at: Path) -> None:
    if page.at((*at, "organisations")) is None and page.at((*at, "below")) is None:
        remedy = "add organisations = […] or below = […]"
        page.fault(at, "nothing says who belongs to it", remedy)
    elif page.at((*at, "types")) is not None and not page.at((*at, "below")):
        remedy = "add below = […]: types narrow that, and nothing else"
        page.fault((*at, "types"), "no `below` stands beside it", remedy)


def _texts(page: Page, tables: Iterable[Path], key: str) -> Iterator[tuple[Path, str]]:
    for at in tables:
        yield from page.texts((*at, key))


def _ids(page: Page, section: str) -> Collection[str]:
    return {text for at in page.each(section) if (text := page.text((*at, "id"))) is not None}
