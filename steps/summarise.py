"""Write *stories in summary* for organisations, populations and channels."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from rules import lineage, measures
from rules.lineage import Spans
from rules.measures import Facts, Platform
from schemas import months
from schemas.config import Config
from schemas.errors import UnknownError
from schemas.story import Story
from schemas.summary import Summary
from schemas.views import CoverageState, Statement
from steps import runs
from steps.house import House
from store import ledger, stories
from store.database import Engine, reading
from summaries import html


def subjects(config: Config, wanted: Sequence[str] | None = None) -> list[str]:
    """List what to summarise: what is named, or every organisation and population."""
    known = [*(o.id for o in config.organisations), *(p.id for p in config.populations)]
    for name in wanted or ():
        if name not in {*known, "all", *(c.id for c in config.channels)}:
            raise UnknownError(
                f"nothing to summarise is called {name}: name an organisation as ods:RXX,"
                " a population, a channel, or `all`"
            )
    return list(wanted or known)


def summarise(engine: Engine, config: Config, subject: str, as_of: datetime) -> Summary:
    """Summarise the published stories about one subject, as they stand.

    Who stood below whom is judged on the day of each story.
    """
    scope = _scope(config, subject)
    with reading(engine) as connection:
        found = [
            story
            for batch in stories.about(connection, None if scope is None else sorted(scope))
            for story in batch
            if _is_of(config, subject, scope, story)
        ]
        reads = ledger.reads_of(connection, [story.id for story in found])
        platforms = _platforms(config, ledger.platform_months(connection), as_of.date())
        suspense = ledger.suspense(connection)
    return measures.summarise(
        Facts(
            subject=subject,
            name=_name(config, subject),
            as_of=as_of,
            stories=found,
            own_publishers={c.id: c.publisher_name for c in config.channels},
            reads=reads,
            platforms=platforms,
            suspense=sum(suspense.values()),
            predecessors=_predecessors(config, subject) if scope is not None else (),
        )
    )


def recorded(
    house: House, subject: str, folder: Path, flow_run_id: str | None = None
) -> Mapping[str, int | str]:
    """Summarise one subject into a page in `folder`; the same state writes the same bytes."""
    with runs.recorded(house.engine, "summarise", subject, house.clock, flow_run_id) as run:
        midnight = house.now.replace(hour=0, minute=0, second=0, microsecond=0)
        summary = summarise(house.engine, house.config, subject, midnight)
        counts = {
            "stories": summary.stories,
            "reads_own": summary.reads_own,
            "reads_partners": summary.reads_partners,
        }
        run.counts = counts
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{subject.replace(':', '-')}.{html.EXTENSION}"
        path.write_bytes(html.render(summary))
    return counts | {"page": str(path)}


def _scope(config: Config, subject: str) -> Mapping[str, Spans] | None:
    """Say which organisations a subject stands for, and when; None is every one."""
    if subject == "all" or config.channel(subject):
        return None
    return lineage.meant(config, subject)


def _predecessors(config: Config, subject: str) -> list[str]:
    return [f"{_name(config, old)} ({old})" for old in lineage.uncounted(config, subject)]


def _is_of(config: Config, subject: str, scope: Mapping[str, Spans] | None, story: Story) -> bool:
    if scope is not None:
        return lineage.is_about(story, scope)
    return config.channel(subject) is None or story.source.channel == subject


def _name(config: Config, subject: str) -> str:
    named: dict[str, str] = {o.id: o.name for o in config.organisations}
    named |= {p.id: p.name for p in config.populations}
    named |= {c.id: c.publisher_name for c in config.channels}
    return named.get(subject, config.name)


def _platforms(
    config: Config, standing: Mapping[str, Mapping[str, Statement]], today: date
) -> list[Platform]:
    partners = {p.id: p for p in config.partners}
    found = []
    for platform, methods in config.platforms().items():
        settled = standing.get(platform, {})
        partner = partners.get(platform)
        shadow: dict[str, int] = {}
        for month in settled.values():
            for method, count in month.shadow.items():
                shadow[method] = shadow.get(method, 0) + count
        found.append(
            Platform(
                id=platform,
                name=partner.name if partner else _name(config, platform),
                is_own=partner is None,
                methods=methods[:1],
                months_reported=sum(m.coverage is not CoverageState.NONE for m in settled.values()),
                months_due=_months_due(config, platform, settled, today),
                shadow=shadow,
            )
        )
    return found


def _months_due(config: Config, platform: str, settled: Collection[str], today: date) -> int:
    """Count the months from the first that was settled to the last whose report is due."""
    if not settled:
        return 0
    partner = config.partner(platform)
    lag = next((s.report_lag_days for s in config.own_sites if s.channel == platform), 0)
    over = today - timedelta(days=partner.report_lag_days if partner else lag)
    until = next((r.until for r in config.reports if r.platform == platform and r.until), date.max)
    last = min(over, until)
    return max(len(settled), months.number(last) - months.numbered(min(settled)))
