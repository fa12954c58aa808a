"""All that an edition's documents depend on beside the store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import feeds
from feeds import Format
from rules import editions, lineage
from rules.lineage import Ground
from schemas.config import Config
from schemas.organisation import Population
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import NEWEST, EditionState, Part, PartKind
from schemas.story import Rights

_PARTING = "2"
"""Of how changes are parted among the newest document and its pages; moves whenever the same log
would be parted otherwise. Archives are not, and keep their tags."""

_DAYS_AT_ONCE = 3
"""Days that it is at one moment, somewhere on Earth."""

MANIFEST = "json"
"""The ending of a manifest's address, whatever formats are agreed."""

HUB = "/hub"
"""The path of our WebSub hub."""


@dataclass(frozen=True)
class Press:
    """All that an edition's documents depend on beside the store."""

    config: Config
    public_url: str
    """Where partners reach us, without a slash at its end."""
    key: bytes
    """For the beacon addresses."""

    @cached_property
    def names(self) -> dict[str, str]:
        """Name every organisation."""
        return {o.id: o.name for o in self.config.organisations}

    def day(self, edition: Edition, now: datetime) -> date:
        """Say which day it is for an edition's partner."""
        return now.astimezone(ZoneInfo(self.partner(edition).zone)).date()

    def ground(self, day: date) -> Ground:
        """Lay out which organisation stands below which on a day, and where."""
        if day not in self._grounds:
            if len(self._grounds) > _DAYS_AT_ONCE:
                self._grounds.clear()
            self._grounds[day] = lineage.ground(self.config.organisations, day, self._populations)
        return self._grounds[day]

    @cached_property
    def _populations(self) -> list[Population]:
        """List the populations that a scope names: to say who belongs to one takes a while."""
        scopes = [agreement.scope for agreement in self.config.agreements]
        scopes += [edition.scope for edition in self.config.editions]
        named = {name for scope in scopes for name in scope.populations}
        return [p for p in self.config.populations if p.id in named]

    @cached_property
    def _grounds(self) -> dict[date, Ground]:
        return {}

    @cached_property
    def rights(self) -> dict[str, Rights]:
        """Look up what each channel now allows."""
        return {c.id: c.rights for c in self.config.channels}

    def agreements(self, edition: Edition) -> tuple[Agreement, ...]:
        """List the agreements of an edition's partner: none is about an edition that is ended."""
        return () if self.is_ended(edition) else self.config.agreements_of(edition.partner)

    def is_ended(self, edition: Edition) -> bool:
        """Say whether an edition was taken out of the configuration; a sandbox falls out itself."""
        return not edition.is_sandbox and edition.key not in self._configured

    @cached_property
    def _configured(self) -> set[str]:
        return {edition.key for edition in self.config.editions}

    def partner(self, edition: Edition) -> Partner:
        """Find an edition's partner; of one that was taken out nothing is known but its id."""
        return editions.partner(self.config, edition.partner)

    def formats(self, edition: Edition) -> dict[str, Format]:
        """List the formats that its agreements allow, by the ending of their addresses."""
        allowed = self.config.formats_of(edition.partner)
        every = (feeds.format_named(name) for name in feeds.names())
        return {f.EXTENSION: f for f in every if f.EXTENSION in allowed}

    def is_public(self, edition: Edition) -> bool:
        """Say whether everybody may see an edition, by what is agreed; an ended one nobody may."""
        barred = edition.is_sandbox or self.is_ended(edition)
        return not barred and self.config.is_public(edition.partner)

    def selection_digest(self, edition: Edition, day: date) -> str:
        """Digest all that decides on a day which stories the edition shows."""
        partner = self.partner(edition)
        ground = self.ground(day)
        parents = lineage.parents_on(self.config.organisations, day)
        agreements = self.agreements(edition)
        scopes = (edition.scope, *(agreement.scope for agreement in agreements))
        named = {name for scope in scopes for name in scope.populations}
        return digest(
            [partner.publisher_name, partner.suspended, partner.live, partner.zone],
            edition.scope.model_dump(mode="json"),
            [a.model_dump(mode="json") for a in agreements],
            {c: r.model_dump(mode="json") for c, r in self.rights.items()},
            [[o.id, o.region, *parents[o.id]] for o in self.config.organisations],
            sorted((new, sorted(old)) for new, old in ground.predecessors.items()),
            [(name, sorted(ground.populations.get(name, ()))) for name in sorted(named)],
        )

    def names_digest(self, format_: Format) -> str:
        """Digest all that decides a fragment beside its story."""
        return digest(format_.VERSION, self._all_names)

    @cached_property
    def _all_names(self) -> str:
        # Asked for every tag of every document, of thousands of organisations.
        return digest(sorted(self.names.items()))

    def document_digest(self, edition: Edition, format_: Format) -> str:
        """Digest all that decides a document beside the edition's log."""
        partner = self.partner(edition)
        return digest(
            self.names_digest(format_),
            [edition.title, edition.page_size, edition.paged],
            [partner.name, partner.beacon, self.public_url],
            self.hub_url,
            [a.attribution for a in self.agreements(edition)],
            sha256(self.key).hexdigest() if partner.beacon else "",
        )

    @property
    def hub_url(self) -> str:
        """Say where changes are subscribed to: the same for everybody."""
        return self.public_url + HUB

    def home(self, edition: Edition) -> str:
        """Say where an edition's page for people is: the stem of all its addresses."""
        return f"{self.public_url}/feeds/{edition.key}"

    def address(self, edition: Edition, ending: str, part: Part = NEWEST) -> str:
        """Say where a document of an edition is; never with a token."""
        return self.home(edition) + part.suffix(ending)

    def etag(
        self, edition: Edition, format_: Format, state: EditionState, part: Part, seq: int
    ) -> str:
        """Tag a document: what all its states share, `-`, and the number of the log it stands at.

        A delta bears the tag of the newest document: whoever has merged it holds that.
        """
        return self.tagger(edition, format_, state)(part, seq)

    def tagger(
        self, edition: Edition, format_: Format, state: EditionState
    ) -> Callable[[Part, int], str]:
        """Give what tags the documents of one format: to tag thousands, digest but once."""
        decided = self.document_digest(edition, format_)

        def tag(part: Part, seq: int) -> str:
            named = NEWEST if part.kind is PartKind.DELTA else part
            bearing = [state.epoch, format_.EXTENSION, named.name, decided]
            if named.kind in {PartKind.NEWEST, PartKind.PAGE}:
                bearing.append(_PARTING)
            return f"{digest(*bearing)[:24]}-{seq}"

        return tag


def digest(*parts: Any) -> str:
    """Digest whatever is given, in hex."""
    return sha256(repr(parts).encode()).hexdigest()
