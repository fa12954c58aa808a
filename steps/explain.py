"""Unfold a total of reads: into statements, observations, and the bytes that were received."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rules import lineage, settle
from rules.settle import Window
from schemas.config import Config
from schemas.errors import UnknownError
from schemas.explanation import (
    MACHINE,
    ExplainedItem,
    ExplainedObservation,
    ExplainedStatement,
    ExplainedStory,
    Explanation,
    ReportSource,
)
from schemas.story import Story
from schemas.views import Observation, Temporality
from store import aliases, ledger, reports, stated, stories
from store.database import Connection, Engine, reading
from store.ledger import Line, PlatformMonth
from store.stated import Observed, Order

Spoken = Sequence[tuple[Line, PlatformMonth]]
"""Lines of the latest statements, each with its statement."""


def explain(engine: Engine, config: Config, which: str) -> Explanation:
    """Explain the reads of a story, named in any way that finds it, or of an organisation.

    An organisation stands for all below it, and a population for all its organisations.
    """
    with reading(engine) as connection:
        explanation = _found(connection, config, which)
        if explanation.total:
            return explanation
        return explanation.model_copy(update={"note": _nothing(connection, config)})


def _found(connection: Connection, config: Config, which: str) -> Explanation:
    if which in _names(config):
        return _of_organisation(connection, config, which)
    try:
        story_id = stories.find(connection, which)
    except UnknownError:
        explanation = _of_organisation(connection, config, which)
        if not explanation.stories:
            raise
        return explanation
    return _of_story(connection, config, story_id)


def _nothing(connection: Connection, config: Config) -> str:
    """Say of a zero what was looked at: a zero of no statement is no zero but a silence."""
    made = ledger.platform_months(connection)
    looked = ", ".join(f"{name} ({len(months)} months)" for name, months in made.items())
    silent = ", ".join(name for name in config.platforms() if name not in made)
    astray = sum(
        i.reads for name in config.platforms() for i in ledger.in_suspense(connection, name)
    )
    said = [
        f"no read in the statements of {looked}" if looked else "no statement was made yet",
        f"nothing was ever said of {silent}" if silent else "",
        f"{astray:,} reads wait for their story: see `retold breaks suspense`" if astray else "",
    ]
    return "; ".join(filter(None, said))


def _of_organisation(connection: Connection, config: Config, organisation: str) -> Explanation:
    scope = lineage.meant(config, organisation)
    about = [
        story
        for batch in stories.about(connection, sorted(scope))
        for story in batch
        if lineage.is_about(story, scope)
    ]
    reads, spoken = _spoken(connection, [story.id for story in about])
    statements: dict[int, ExplainedStatement] = {}
    for line, month in spoken:
        known = statements.get(month.id) or _statement(month, 0)
        statements[month.id] = known.model_copy(update={"reads": known.reads + line.reads})
    return Explanation(
        subject=organisation,
        name=_names(config).get(organisation, organisation),
        total=sum(reads.values()),
        by_platform=_by_platform(spoken),
        statements=_in_order(statements.values()),
        stories=_most_read(about, reads),
    )


def _names(config: Config) -> dict[str, str]:
    named = {o.id: o.name for o in config.organisations}
    return named | {p.id: p.name for p in config.populations}


def _most_read(about: Iterable[Story], reads: Mapping[str, int]) -> tuple[ExplainedStory, ...]:
    told = [
        ExplainedStory(story_id=story.id, title=story.title, reads=reads.get(story.id, 0))
        for story in about
    ]
    return tuple(sorted(told, key=lambda one: (-one.reads, one.story_id)))


def _of_story(connection: Connection, config: Config, story_id: str) -> Explanation:
    (story,) = stories.by_ids(connection, [story_id])
    reads, spoken = _spoken(connection, [story_id])
    statements = []
    for month in {month.id: month for _, month in spoken}.values():
        lines = [line for line, other in spoken if other.id == month.id]
        told = _statement(month, sum(line.reads for line in lines))
        items = _items(connection, config, month, lines)
        statements.append(told.model_copy(update={"items": items}))
    return Explanation(
        subject=story_id,
        name=story.title,
        total=sum(reads.values()),
        by_platform=_by_platform(spoken),
        statements=_in_order(statements),
    )


def _spoken(connection: Connection, story_ids: Sequence[str]) -> tuple[Counter[str], Spoken]:
    """Read the lines of stories, and of those that were merged into them; count each one's."""
    asked = ledger.with_merged(connection, story_ids)
    spoken = ledger.lines_of(connection, list(asked))
    reads: Counter[str] = Counter()
    for line, _ in spoken:
        reads[asked[str(line.story_id)]] += line.reads
    return reads, spoken


def _by_platform(spoken: Spoken) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for line, month in spoken:
        counted[month.platform] += line.reads
    return dict(sorted(counted.items()))


def _in_order(statements: Iterable[ExplainedStatement]) -> tuple[ExplainedStatement, ...]:
    return tuple(sorted(statements, key=lambda one: (one.platform, one.month)))


def _statement(month: PlatformMonth, reads: int) -> ExplainedStatement:
    return ExplainedStatement(
        platform=month.platform,
        month=month.month,
        number=month.number,
        made_at=month.made_at,
        coverage=month.coverage,
        digest=month.digest,
        reads=reads,
    )


def _items(
    connection: Connection, config: Config, month: PlatformMonth, lines: Sequence[Line]
) -> tuple[ExplainedItem, ...]:
    numbers = [line.item_ref_id for line in lines]
    observed = stated.observed(connection, numbers)
    verdicts = _verdicts(connection, config, month.platform, observed)
    shown = [one for one in observed if f"{one.t0:%Y-%m}" == month.month]
    sources = _sources(connection, {one.report_id for one in shown})
    rules = aliases.rules_of(connection, numbers)
    by_item: dict[int, list[ExplainedObservation]] = defaultdict(list)
    for one in shown:
        verdict = verdicts.get((one.report_id, one.row), MACHINE)
        explained = _observation(one, verdict, sources[one.report_id])
        by_item[one.item_ref_id].append(explained)
    return tuple(
        ExplainedItem(
            ref=line.ref,
            how=rules[line.item_ref_id],
            reads=line.reads,
            method=line.method,
            observations=tuple(by_item[line.item_ref_id]),
        )
        for line in lines
    )


def _observation(one: Observed, verdict: str, source: ReportSource) -> ExplainedObservation:
    return ExplainedObservation(
        t0=one.t0,
        t1=one.t1,
        metric=one.metric,
        access=one.access,
        count=one.reads,
        verdict=verdict,
        report=source,
    )


def _sources(connection: Connection, numbers: set[int]) -> dict[int, ReportSource]:
    return {
        number: ReportSource(
            id=number,
            method=kept.report.method,
            report_id=kept.report.report_id,
            revision=kept.report.revision,
            received_at=kept.report.received_at,
            sha256=kept.report.sha256,
            size_bytes=len(kept.payload),
        )
        for number, kept in reports.kept(connection, numbers).items()
    }


def _verdicts(
    connection: Connection, config: Config, platform: str, observed: Sequence[Observed]
) -> dict[tuple[int, int], str]:
    """Decide by rule about all observations of some items; a machine's are not decided about."""
    regular = [one for one in observed if one.access == "Regular"]
    complete = stated.complete(connection, platform)
    methods = config.platforms().get(platform, ())
    others = {o.method for o in regular} | {w.method for w in complete}
    rank = {m: r for r, m in enumerate((*methods, *sorted(others - set(methods))))}
    orders = {o.order for o in regular} | {w.order for w in complete}
    places = {order: place for place, order in enumerate(sorted(orders))}
    settled = settle.resolve(
        [_as_rule_sees(number, one, rank, places) for number, one in enumerate(regular)],
        [
            Window(w.method, rank[w.method], (w.order.revision, places[w.order]), w.t0, w.t1)
            for w in complete
        ],
    )
    return {
        (one.report_id, one.row): str(settled.verdicts[number])
        for number, one in enumerate(regular)
    }


def _as_rule_sees(
    number: int, one: Observed, rank: Mapping[str, int], places: Mapping[Order, int]
) -> Observation:
    return Observation(
        id=number,
        item=str(one.item_ref_id),
        metric=one.metric,
        method=one.method,
        rank=rank[one.method],
        temporality=Temporality(one.temporality),
        order=(one.order.revision, places[one.order]),
        t0=one.t0,
        t1=one.t1,
        count=one.reads,
    )
