"""Let people see what is doubtful about reads: reports refused or faulty, breaks, suspense."""

from collections.abc import Sequence
from datetime import datetime

from schemas.config import Config
from schemas.errors import UnknownError
from schemas.views import Break
from store import breaks, ledger, reports, runs
from store.database import Engine, reading, writing
from store.ledger import Suspended
from store.reports import Listed


def view_reports(engine: Engine, platform: str | None = None) -> list[Listed]:
    """List the reports that came in, the latest first, each with what could not be understood."""
    with reading(engine) as connection:
        return reports.listing(connection, platform)


def view_report(engine: Engine, number: int) -> Listed:
    """Read one report with its bytes."""
    with reading(engine) as connection:
        found = reports.listing(connection, number=number)
    if not found:
        raise UnknownError(f"no report bears the number {number}: see `retold reports list`")
    return found[0]


def listing(engine: Engine, platform: str | None = None, *, every: bool = False) -> list[Break]:
    """List the breaks that are open; with `every` also those accepted or cleared."""
    with reading(engine) as connection:
        found = breaks.listing(connection, None if every else breaks.OPEN)
    return [one for one in found if platform in (None, one.platform)]


def suspense(engine: Engine, config: Config, platform: str | None = None) -> list[Suspended]:
    """List items whose story nobody knows, with their reads, platform by platform."""
    wanted = [platform] if platform else list(config.platforms())
    with reading(engine) as connection:
        return [item for name in wanted for item in ledger.in_suspense(connection, name)]


def accept(
    engine: Engine,
    platform: str,
    who: str,
    why: str,
    now: datetime,
    *,
    month: str | None = None,
    kind: str | None = None,
) -> Sequence[Break]:
    """Note that a person has looked at open breaks of a platform: all, or of a month or kind."""
    with writing(engine) as connection:
        chosen = [
            one
            for one in breaks.listing(connection, breaks.OPEN)
            if one.platform == platform and month in (None, one.month) and kind in (None, one.kind)
        ]
        if not chosen:
            raise UnknownError(f"no such break of {platform} is open: see `retold breaks list`")
        for one in chosen:
            breaks.accept(connection, one)
            subject = f"{one.platform}/{one.month}/{one.kind}/{one.subject}"
            runs.note(connection, who, "accept break", subject, {"why": why}, now)
    return chosen
