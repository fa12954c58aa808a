"""Inform channels how often their stories were read at partners, a month at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

import orjson

from connectors.channels import StoryCount, counts_taker
from schemas import months
from schemas._record import Record
from schemas.channel import Channel
from schemas.config import Config
from schemas.errors import UnknownError
from steps import runs, schedule
from steps.house import House
from store import ledger, sent_counts
from store.database import Engine, reading, writing


class Sent(Record):
    """What a channel was told."""

    months: int = 0
    stories: int = 0
    """Counts that were sent: one for a story and month."""
    reads: int = 0
    unchanged: int = 0
    """Months of which the channel knows all already."""


def takers(config: Config, wanted: Sequence[str] | None = None) -> list[str]:
    """List the channels that take counts; one that is named and takes none is an UnknownError."""
    chosen = [schedule.channel(config, name) for name in wanted or [c.id for c in config.channels]]
    taking = [c.id for c in chosen if counts_taker(c)]
    for one in wanted or ():
        if one not in taking:
            raise UnknownError(
                f"{one} takes no counts; one of kind `rest` does whose option `counts` says where"
            )
    return taking


def recorded(house: House, name: str, flow_run_id: str | None = None) -> Sent:
    """Send one channel what it does not know yet, and keep a run of it."""
    with runs.recorded(house.engine, "inform", name, house.clock, flow_run_id) as run:
        done = inform(house, schedule.channel(house.config, name))
        run.counts = done.model_dump()
    return done


def inform(house: House, channel: Channel) -> Sent:
    """Send the reads of every month that is over and not known there as it now stands.

    A month is marked once its counts are taken; one that was cut short is sent again whole.
    """
    taker = counts_taker(channel)
    if taker is None:
        raise UnknownError(f"{channel.id} takes no counts")
    partners = [partner.id for partner in house.config.partners]
    standing = read_at(house.engine, channel.id, partners)
    with reading(house.engine) as connection:
        known = sent_counts.digests(connection, channel.id)
    done = Sent()
    for month, counts in sorted(standing.items()):
        if months.numbered(month) >= months.number(house.now.date()):
            continue  # it is not over
        digest = sha256(orjson.dumps([[c.external_id, c.reads] for c in counts])).hexdigest()
        if known.get(month) == digest:
            done = done.model_copy(update={"unchanged": done.unchanged + 1})
            continue
        taker.send_counts(channel, house.http, counts)
        with writing(house.engine) as connection:
            sent_counts.mark(connection, channel.id, month, digest, house.now)
        done = Sent(
            months=done.months + 1,
            stories=done.stories + len(counts),
            reads=done.reads + sum(c.reads for c in counts),
            unchanged=done.unchanged,
        )
    return done


def read_at(
    engine: Engine, channel: str, partners: Sequence[str]
) -> Mapping[str, list[StoryCount]]:
    """Count by month the reads at partners of stories that began on a channel, by external id.

    A story whose reads were stated once and taken back since is there with 0.
    """
    with reading(engine) as connection:
        begun = sent_counts.begun_at(connection, channel)
        reads = ledger.reads_of(connection, list(begun), once_stated=True)
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for story_id, by_platform in reads.items():
        for partner in partners:
            for month, count in by_platform.get(partner, {}).items():
                found[month][begun[story_id]] += count
    return {
        month: [StoryCount(name, month, count) for name, count in sorted(by_name.items())]
        for month, by_name in found.items()
    }
