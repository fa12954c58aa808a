"""Write a partner's own page, the answer to a rotation, and the outline of its editions."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from feeds import _opml
from feeds._opml import MEDIA_TYPE as OPML
from schemas import months
from schemas.config import Config
from schemas.partner import Agreement, Edition, Partner, Scope
from schemas.publication import PartKind
from schemas.views import Method
from steps import pages, partner
from steps.partner import Client, Month, Owed, Standing, Taken
from steps.tokens import GRACE_DAYS, Rotated
from summaries import charts

__all__ = ["OPML", "outline", "page", "rotated"]

OWED_SHOWN = 100
"""Removals listed; how many more there are is said."""

ENDED_SHOWN = 5
"""Tokens listed that open nothing any more."""

_PARTS = {
    PartKind.NEWEST: "newest",
    PartKind.PAGE: "older changes",
    PartKind.ARCHIVE: "archive",
    PartKind.DELTA: "what changed",
    PartKind.STORY: "one story",
}

_METHODS = {
    Method.REPORT: "your report",
    Method.BEACON: "our beacon",
    Method.LOG: "your access log",
}


class _Clause(NamedTuple):
    """What narrows a scope, in words; a page keeps each name from turning the words about."""

    words: str
    names: Sequence[str]
    between: str = " or "
    last: str = ""


class _Edition(NamedTuple):
    """An edition as the page shows it."""

    taken: Taken
    url: str
    scope: list[_Clause]
    ways: list[pages.Way]


class _Terms(NamedTuple):
    """An agreement in words."""

    agreement: Agreement
    state: str
    scope: list[_Clause]
    formats: str


class _Line(NamedTuple):
    """What a client was last given, in words."""

    client: Client
    title: str
    what: str


def page(
    config: Config, standing: Standing, public_url: str, token_id: str, said: str = ""
) -> bytes:
    """Show a partner how it stands: never the text of a token, never another's name.

    `token_id` is the token that asks, which is the one to rotate; `said` is what became of a form.
    """
    editions = [_edition(config, standing, taken, public_url) for taken in standing.editions]
    told = [one.edition for one in standing.owed] + [one.edition for one in standing.webhooks]
    titles = {key: key for key in told}  # one that was taken out has no title any more
    titles |= {one.taken.edition.key: one.taken.edition.title for one in editions}
    live = [key for key in standing.keys if key.live]
    ended = [key for key in standing.keys if not key.live]
    return pages.render(
        "partner.html",
        config=config,
        standing=standing,
        partner=standing.partner,
        home_url=pages.partner_home(standing.partner.id, public_url),
        public_url=public_url,
        said=said,
        editions=editions,
        terms=[_terms(config, one, standing) for one in standing.agreements],
        titles=titles,
        formats=pages.names(standing.formats),
        asking=token_id,
        keys=[*live, *ended[:ENDED_SHOWN]],
        ended_unseen=len(ended[ENDED_SHOWN:]),
        live=len(live),
        grace_days=GRACE_DAYS,
        lines=[_line(one, titles) for one in standing.clients],
        behind=len({c.token for c in standing.clients if c.behind}),
        owed=_by_edition(standing.owed[:OWED_SHOWN]),
        overdue=sum(one.overdue for one in standing.owed),
        owed_unseen=len(standing.owed[OWED_SHOWN:]),
        counter=_METHODS.get(Method(standing.reporting.method), standing.reporting.method),
        is_ours=standing.reporting.method == Method.BEACON,
        chart=_chart(standing.reporting.months),
        reads=sum(month.reads or 0 for month in standing.reporting.months),
    )


def rotated(config: Config, made: Rotated, of: Partner, public_url: str) -> bytes:
    """Show a new token, this once."""
    return pages.render(
        "rotated.html",
        config=config,
        made=made,
        partner=of,
        home_url=pages.partner_home(of.id, public_url),
    )


def outline(config: Config, of: Partner, public_url: str) -> bytes:
    """List all editions of a partner in each agreed format; the same configuration, the same bytes.

    No address in it bears a token.
    """
    agreed = partner.formats(config, of.id)
    found = [
        _opml.Feed(
            group=edition.title,
            title=f"{edition.title} ({way.name})",
            ending=way.ending,
            url=way.url,
            home_url=f"{public_url}/feeds/{edition.key}",
        )
        for edition in config.editions
        if edition.partner == of.id
        for way in pages.ways(edition, agreed, public_url)
    ]
    return _opml.document(f"{of.name} – {config.name}", config.name, found)  # noqa: RUF001


def _edition(config: Config, standing: Standing, taken: Taken, public_url: str) -> _Edition:
    edition: Edition = taken.edition
    return _Edition(
        taken=taken,
        url=f"{public_url}/feeds/{edition.key}",
        scope=_clauses(config, edition.scope),
        ways=pages.ways(edition, standing.formats, public_url),
    )


def _terms(config: Config, one: Agreement, standing: Standing) -> _Terms:
    today = standing.as_of.date()
    state = "in force"
    if one.valid_from and today < one.valid_from:
        state = "to come"
    if one.valid_to and today > one.valid_to:
        state = "ended"
    formats = ", ".join(pages.names(one.formats).values())
    return _Terms(one, state, _clauses(config, one.scope), formats)


def _clauses(config: Config, scope: Scope) -> list[_Clause]:
    """Say in words which stories are meant; a scope that narrows nothing has no clause."""
    named = {one.id: one.name for one in config.organisations}
    peopled = {one.id: one.name for one in config.populations}
    before = ", and what came before them" if scope.with_predecessors else ""

    def names(of: Mapping[str, str], ids: Sequence[str]) -> list[str]:
        return [of.get(one, one) for one in ids]

    said = [
        _Clause("about", names(named, scope.organisations), ", ", last=f" with all below{before}"),
        _Clause("about those in", names(peopled, scope.populations), f"{before} or ", last=before),
        _Clause("in the region of", names(named, scope.regions)),
        _Clause("of the kind", scope.kinds),
        _Clause("tagged", scope.tags),
        _Clause("in the language", scope.languages),
        _Clause("told by someone aged", scope.age_bands),
        _Clause("rated", _stars(scope.rating_from, scope.rating_to), " ", last=" stars overall"),
        _Clause("up to", [f"{scope.newest_days or ''}"], last=" days after publication"),
    ]
    return [clause for clause in said if any(clause.names)]


def _stars(least: float | None, most: float | None) -> list[str]:
    bounds = (("from", least), ("up to", most))
    return [f"{word} {bound:g}" for word, bound in bounds if bound is not None]


def _line(one: Client, titles: Mapping[str, str]) -> _Line:
    name = pages.names([one.format])[one.format]
    return _Line(one, titles[one.edition], _what(one.part, name))


def _what(part: str, format_name: str) -> str:
    """Say what sort of document it was, with its number where people can make something of it."""
    sort, _, number = part.partition("-")
    kind = PartKind(sort or PartKind.NEWEST)
    words = f"{format_name}: {_PARTS.get(kind, kind)}"
    match kind:
        case PartKind.ARCHIVE:
            return f"{words} {number}"
        case PartKind.MANIFEST:  # it is of no format
            return f"Manifest of {pages.month(months.name(int(number)))}" if number else "Manifest"
    return words


def _by_edition(owed: Sequence[Owed]) -> dict[str, list[Owed]]:
    """Sort what is owed by edition, the one with the most urgent first."""
    found: dict[str, list[Owed]] = {}
    for one in owed:
        found.setdefault(one.edition, []).append(one)
    return found


def _chart(shown: Sequence[Month]) -> str:
    """Draw the reads of each month; what is unknown leaves a gap."""
    if not shown:
        return ""
    known = [month.reads for month in shown]
    title = f"Reads in each month from {shown[0].name} to {shown[-1].name}"
    labels = [month.name for month in shown]
    return charts.columns(title, labels, [charts.Series("reads", "a", known)], height=180)
