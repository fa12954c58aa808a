"""The configuration: what an installation has, read and checked as a whole."""

from datetime import date

from pydantic import Field

from schemas._record import Record
from schemas.channel import Channel
from schemas.organisation import Organisation, Population
from schemas.partner import Agreement, Edition, Partner
from schemas.views import Method


class OwnSite(Record):
    """A channel's own site, as a counter of reads: it reports like a partner."""

    channel: str
    zone: str = "Europe/London"
    report_lag_days: int = Field(default=28, ge=0)


class ReportPull(Record):
    """Where a platform's view reports are fetched, where it does not send them."""

    platform: str
    url: str
    """An address or a path; `{month}` stands for `2026-10`."""
    since: date
    """A day in the first month there is."""
    until: date | None = None
    """A day in the last month there will be; None where they go on."""
    method: Method = Method.REPORT
    header: str | None = None
    """The header that carries the secret."""
    secret: str | None = Field(default=None, repr=False, exclude=True)


class HttpRules(Record):
    """How the doors in behave on the network."""

    allow: tuple[str, ...] = ()
    """Private addresses that may be asked all the same: `host`, `host:port` or a CIDR."""
    contact: str = ""
    """An address that stands in our user agent."""
    egress_proxy: str | None = None


class Config(Record):
    """One `retold.toml`, whole and without fault."""

    name: str = "Retold"
    """The installation's name, on pages and in feeds."""
    http: HttpRules = HttpRules()
    channels: tuple[Channel, ...] = ()
    own_sites: tuple[OwnSite, ...] = ()
    partners: tuple[Partner, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    editions: tuple[Edition, ...] = ()
    reports: tuple[ReportPull, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    populations: tuple[Population, ...] = ()

    def channel(self, channel_id: str) -> Channel | None:
        """Find a channel by id."""
        return next((c for c in self.channels if c.id == channel_id), None)

    def partner(self, partner_id: str) -> Partner | None:
        """Find a partner by id."""
        return next((p for p in self.partners if p.id == partner_id), None)

    def edition(self, partner_id: str, edition_id: str) -> Edition | None:
        """Find a partner's edition."""
        return next(
            (e for e in self.editions if e.partner == partner_id and e.id == edition_id), None
        )

    def agreements_of(self, partner_id: str) -> tuple[Agreement, ...]:
        """List what was agreed with a partner, in force or not."""
        return tuple(a for a in self.agreements if a.partner == partner_id)

    def formats_of(self, partner_id: str) -> set[str]:
        """Name the formats that any of a partner's agreements allows."""
        return {name for a in self.agreements_of(partner_id) for name in a.formats}

    def is_public(self, partner_id: str) -> bool:
        """Say whether everybody may see what a partner is given: only if all it agreed says so.

        Any agreement may let a story in, and which one did is noted nowhere.
        """
        agreed = self.agreements_of(partner_id)
        return bool(agreed) and all(agreement.public for agreement in agreed)

    def platforms(self) -> dict[str, tuple[str, ...]]:
        """List who reports reads: each with its methods, the counter of record first."""
        own = {site.channel: (str(Method.OWN_SITE),) for site in self.own_sites}
        return own | {partner.id: partner.counters for partner in self.partners}
