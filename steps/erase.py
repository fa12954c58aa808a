"""Erase a story, as the law may demand: its words, wherever they are kept, and for good.

What is left is that there was such a story: its id, when it was shown to whom, and digests by
which it is known again when somebody brings it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from connectors.channels import connector
from rules import erasure, identity
from schemas._record import Record
from schemas.channel import Channel, Fetched, Stage
from schemas.config import Config
from schemas.errors import RetoldError, UnknownError
from steps import ingest, publish, suppress, tellings
from steps.documents import BUCKET
from steps.runs import Clock
from store import database, landings, publication, quarantine, runs, stories, suppressions
from store import erasure as kept
from store.database import Connection, Engine, one_writer, reading, writing
from store.landings import Landing
from store.quarantine import Kept
from store.suppressions import Suppressed

ACT = "erase"
"""What the audit calls it."""


class Erased(Record):
    """What an erasure came to."""

    story: str
    already: bool = False
    """Whether it had been erased before, so that nothing changed."""
    revisions: int = 0
    editions: tuple[str, ...] = ()
    """Those that showed it, and now say that it is gone."""
    landings: int = 0
    """How many lost their bytes."""
    quarantined: int = 0
    """Records in quarantine that told it."""
    wiped: bool = True
    """Whether nothing stayed in SQLite's log either; where somebody read meanwhile, do it again."""


def erase(
    engine: Engine, config: Config, wanted: str, who: str, reason: str, clock: Clock
) -> Erased:
    """Erase a story and all that was merged into it. Twice changes nothing.

    All in one transaction: from then on neither a document, nor a page, nor a row of the store
    holds a word of it, every edition that showed it says that it is gone, and no telling,
    replay or backup brings it back. `reason` is a code, for the audit.
    """
    code = erasure.code(reason)
    with reading(engine) as connection:
        story_id = _find(connection, config, wanted)
        search = _Search(connection, config, [story_id])
        looked = search.numbers(connection, search.quarantined(connection))
    # To read thousands of landings takes long: nobody need wait for it.
    found = {number for number in looked if search.tells(_landing(engine, number))}
    seen = _Seen(found, set(looked), search.common)
    with writing(engine, durable=True) as connection:
        _alone(connection, config)
        # Whatever was published while we looked or waited must not be dated later than this.
        now = clock()
        ids = kept.whole(connection, [_find(connection, config, wanted)])
        if ids != search.ids:  # it was merged meanwhile: what we looked for is not all there is
            story_id, seen = ids[0], _UNSEEN
        if _is_erased(connection, story_id):
            done = Erased(story=story_id, already=True)
        else:
            why = {story_id: Suppressed(code, now)}
            done = _erase(connection, config, why, seen, who, now)
    return done.model_copy(update={"wiped": database.wipe(engine)})


def _landing(engine: Engine, number: int) -> Landing | None:
    with reading(engine) as connection:
        return landings.get(connection, number)


def describe(engine: Engine, config: Config, wanted: str) -> str:
    """Say which story is meant, before it is erased: its title, if it has one, and its id."""
    with reading(engine) as connection:
        story_id = _find(connection, config, wanted)
        found = stories.by_ids(connection, [story_id])
    return " ".join([*(f"“{one.title}”" for one in found if one.title), story_id])


def again(connection: Connection, config: Config, who: str, now: datetime) -> int:
    """Erase once more what a backup brought back; say how many stories that were."""
    why = suppressions.known(connection)
    quarantine.drop(connection, suppress.waiting(connection, config))
    if why:
        _alone(connection, config)
        _erase(connection, config, why, _UNSEEN, who, now)
    return len(why)


def _find(connection: Connection, config: Config, wanted: str) -> str:
    try:
        return stories.find(connection, wanted)
    except UnknownError:
        # An erased story bears no name any more, and yet may be asked for by one.
        channel_id, _, external_id = wanted.partition("/")
        name = suppress.name_of(config, channel_id, external_id)
        if not name or not suppressions.among(connection, [name]):
            raise
        minted = identity.mint(name)
        if not stories.states(connection, [minted]):  # it was first told under another name
            raise UnknownError(
                f"{wanted} names a story that was erased: ask for it by its own id"
            ) from None
        return minted


def _alone(connection: Connection, config: Config) -> None:
    """Keep out whoever takes stories in or publishes, an edition's first time too."""
    keys = {*publication.states(connection), *(edition.key for edition in config.editions)}
    one_writer(connection, "stories", *sorted(keys))


def _is_erased(connection: Connection, story_id: str) -> bool:
    state = stories.states(connection, [story_id]).get(story_id)
    return state is None or state.decision == identity.ERASE


def _erase(
    connection: Connection,
    config: Config,
    why: Mapping[str, Suppressed],
    seen: "_Seen",
    who: str,
    now: datetime,
) -> Erased:
    """Erase stories, of which some landings have been looked at before."""
    search = _Search(connection, config, why, seen.common)
    held = search.quarantined(connection)
    told = search.facts.landings | {one.landing_id for one in held if one.landing_id}
    newer = set(search.numbers(connection, held)) - seen.looked - told
    told |= seen.found | {
        number for number in newer if search.tells(landings.get(connection, number))
    }
    dropped = landings.erase(connection, told, now)
    waiting = {*(one.record.id for one in held), *quarantine.of_landings(connection, told)}
    quarantine.drop(connection, sorted(waiting))
    first = next(iter(why.values()))
    suppressions.add(
        connection, sorted(search.facts.names), first.reason, first.at, sorted(search.texts)
    )
    done = Erased(
        story=next(iter(why)),
        revisions=kept.blank(connection, search.ids, erasure.BLANK, erasure.BLANK_FINGERPRINT),
        landings=dropped,
        quarantined=len(waiting),
        editions=tuple(_take_out(connection, search.ids, list(why), who, now)),
    )
    kept.drop_documents(connection, search.ids, BUCKET)
    for story_id, one in why.items():
        detail = done.model_dump(include={"revisions", "editions", "landings", "quarantined"})
        detail |= {"why": one.reason, "erased_at": one.at.isoformat()}
        runs.note(connection, who, ACT, story_id, detail, now)
    return done


def _take_out(
    connection: Connection, ids: Sequence[str], erased: Sequence[str], who: str, now: datetime
) -> list[str]:
    """Give each story its last revision, and let every edition say that it is gone."""
    known = tellings.known_stories(connection, erased)
    tellings.write(connection, identity.erase(known, erased, who), None, now)
    gone = {one.id: one.revision for one in stories.states(connection, ids).values()}
    return publish.take_out(connection, gone, erasure.ERASED, now)


_BATCH = 500
"""Records of quarantine that are read at once."""


class _Seen(NamedTuple):
    """What was seen while others were let in still."""

    found: AbstractSet[int]
    """Landings that tell them."""
    looked: AbstractSet[int]
    """All landings that were looked at."""
    common: frozenset[str] | None
    """Runs of their words that others use too; None where nobody looked."""


_UNSEEN = _Seen(frozenset(), frozenset(), None)


class _Search:
    """Looks for what tells of stories, beside the rows that are theirs."""

    def __init__(
        self,
        connection: Connection,
        config: Config,
        erased: Iterable[str],
        common: frozenset[str] | None = None,
    ) -> None:
        self._config = config
        self.ids = kept.whole(connection, list(erased))
        self.facts = kept.facts(connection, self.ids)
        self.texts = erasure.texts(self.facts.contents)
        runs = erasure.runs(self.texts)
        if common is None:
            channels = {channel for channel, _ in self.facts.keys}
            told = kept.others(connection, channels, self.ids)
            common = frozenset(erasure.common(runs, told))
        self.common = common
        self._runs = runs - common

    def numbers(self, connection: Connection, held: Iterable[Kept]) -> list[int]:
        """Number the landings of every channel that told them, understood or `held` back."""
        told = {channel for channel, _ in self.facts.keys}
        channels = sorted(told | {one.record.channel for one in held})
        return [n for channel in channels for n in landings.numbers(connection, channel)]

    def quarantined(self, connection: Connection) -> list[Kept]:
        """List the records in quarantine that tell them."""
        numbers = quarantine.numbers(connection)
        batches = (numbers[at : at + _BATCH] for at in range(0, len(numbers), _BATCH))
        records = (one for batch in batches for one in quarantine.kept(connection, batch))
        return [one for one in records if self._is_of(one)]

    def _is_of(self, one: Kept) -> bool:
        external_id = one.record.external_id
        if external_id is not None and self._names(one.record.channel, external_id):
            return True
        return erasure.says(one.payload, self._runs) or self._is_page_of(one)

    def _is_page_of(self, one: Kept) -> bool:
        """Say whether a page that was set aside whole tells them."""
        channel = self._config.channel(one.record.channel)
        if channel is None or one.record.stage is not Stage.PARSE:
            return False
        page = Fetched(payload=one.payload, media_type=one.record.media_type)
        try:
            return self._is_told(channel, page)
        except RetoldError:
            return False

    def _names(self, channel_id: str, external_id: str) -> bool:
        name = suppress.name_of(self._config, channel_id, external_id)
        return (channel_id, external_id) in self.facts.keys or name in self.facts.names

    def tells(self, landing: Landing | None) -> bool:
        """Say whether a landing tells them; one that nobody can read now is taken to."""
        if landing is None:
            return False
        channel = self._config.channel(landing.channel)
        if channel is None or erasure.says(landing.fetched.payload, self._runs):
            return True
        try:
            return self._is_told(channel, landing.fetched)
        except RetoldError:
            return True

    def _is_told(self, channel: Channel, fetched: Fetched) -> bool:
        parsed = connector(channel.kind).parse(channel, fetched)
        page = ingest.understand(channel, parsed)
        names = {name for telling in page.tellings for name in suppress.names(telling)}
        others = [one.faulty.external_id for one in page.refused]
        others += [one.external_id for one in parsed.removals]
        others += [one.external_id for one in parsed.skipped]
        return not names.isdisjoint(self.facts.names) or any(
            self._names(channel.id, one) for one in others if one
        )
