"""A summary: *stories in summary* for one organisation or population."""

from schemas._record import Record
from schemas.types import Count, Month, UtcTime


class Share(Record):
    """A part of a whole; unknown where the whole is nothing."""

    part: Count
    whole: Count

    @property
    def percent(self) -> float | None:
        """Say it in hundredths; None where there is no whole."""
        return 100 * self.part / self.whole if self.whole else None


class Tally(Record):
    """How often one thing was said."""

    name: str
    group: str | None = None
    count: Count


class MonthReads(Record):
    """The reads of one month, by where they happened."""

    month: Month
    own: Count | None
    """None where nothing was reported: missing is never zero."""
    partners: Count | None


class PlatformReads(Record):
    """The reads at one platform."""

    platform: str
    name: str
    is_own: bool
    reads: Count
    methods: tuple[str, ...]
    months_reported: Count
    months_due: Count
    shadow: dict[str, int]


class StockGroup(Record):
    """One script, and how often it was pasted."""

    example: str
    responses: Count
    stories: Count


class Responsiveness(Record):
    """How an organisation answers."""

    answered: Share
    """Of the stories that originate on the channel, imports left out: those with a response."""
    cohort_answered: Share
    """Of the stories posted in the 30 days up to `as_of`: those with a response by then."""
    within_30_days: Share
    """Of the answered, and of those old enough to tell: a first response within 30 days."""
    days_to_respond: tuple[int, ...]
    """How many first responses came in 0-1, 2-7, 8-14, 15-30, 31-90 and more days."""
    median_days: float | None
    stock: Share
    """Of all responses: pasted, in whole or nearly, under other stories."""
    stock_reads: Share
    """The same, each response weighted by the reads of its story."""
    groups: tuple[StockGroup, ...]


class Summary(Record):
    """Stories in summary."""

    subject: str
    """An organisation's or a population's id; `all` for everything."""
    name: str
    as_of: UtcTime
    stories: Count
    """Distinct stories that are published."""
    by_month: tuple[tuple[Month, int], ...]
    """Stories by month of publication."""
    tags: tuple[Tally, ...]
    criticality: tuple[Tally, ...]
    responsiveness: Responsiveness
    reads_own: Count
    reads_partners: Count
    suspense: Count
    reads_by_month: tuple[MonthReads, ...]
    platforms: tuple[PlatformReads, ...]
    most_read: tuple[tuple[str, int], ...]
    """Titles and reads."""
    predecessors: tuple[str, ...] = ()
    """Names of those that the subject succeeded, and whose stories are not among these."""
