"""Made-up comments: the same seed always tells the same."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from schemas.story import Author, Reference, Response, Rights, Service, Source, Status, Story, Tag

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)

_OPENINGS = (
    "The nurse on the ward was kind and told me what would happen next.",
    "We waited four hours in the corridor before anybody came.",
    "My mother was moved twice in one night & nobody told us why.",
    "I was seen on time, and the doctor listened to all that I had to say.",
    "Parking is hopeless: we went round for forty minutes.",
    "The food was cold, but the people who brought it were cheerful.",
    "Nobody answered the telephone for three days.",
    "They explained the risks in words that I could understand.",
    "The waiting room has no clock, and the screen shows last week's clinic.",
    "I felt safe from the moment that I came in.",
    "The letter came after the appointment it was about.",
    "A porter called Sam made the whole day bearable.",
)

_WHOSE = ("My", "My mother's", "My son's", "Our", "My neighbour's", "My late husband's")
_WHERE = (
    *("the eye clinic", "outpatients", "the minor injuries unit", "maternity", "X-ray"),
    *("the café end of ward B3", "the memory clinic", "physiotherapy", "day surgery", "A & E"),
)
_WHEN = (
    *("on Monday", "last week", "at 9:15", "at half past two", "just before Christmas"),
    *("in the evening", "on 3 May", "after my shift", "cancelled twice", "on the 14th"),
)

ANSWERS = ("Very good", "Good", "Neither good nor poor", "Poor", "Very poor", "Don't know")
"""How people answer the Friends and Family Test question, codes 1 to 6."""


class Teller:
    """Somebody with much to say."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)

    def words(self, length: int) -> str:
        """Say about so many characters."""
        said = [self._beginning()]
        while sum(map(len, said)) + len(said) < length:
            said.append(self._chance.choice(_OPENINGS))
        return " ".join(said)

    def _beginning(self) -> str:
        whose, where, when = map(self._chance.choice, (_WHOSE, _WHERE, _WHEN))
        return f"{whose} appointment in {where} was {when}."

    def pick(self, count: int) -> int:
        """Choose one of so many."""
        return self._chance.randrange(count)


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Tell survey comments of about 500 characters, as a survey's export has them."""
    teller = Teller()
    for number in range(count):
        yield {
            "comment_id": f"S-{number:07}",
            "date": (_FIRST + timedelta(minutes=number)).isoformat(),
            "organisation": f"RX{teller.pick(60):02}",
            "fft": ANSWERS[teller.pick(len(ANSWERS))],
            "comment": teller.words(470),
        }


def write_jsonl(path: Path, count: int) -> None:
    """Write survey comments as JSON Lines, without ever holding them all."""
    with path.open("wb") as file:
        file.writelines(orjson.dumps(row) + b"\n" for row in rows(count))


def stories(count: int) -> Iterator[Story]:
    """Tell stories with about 1 kB of HTML each, as they are kept."""
    teller = Teller()
    for number in range(count):
        yield _story(teller, number)


def answered(count: int) -> Iterator[Story]:
    """Tell stories of which 48 in 100 have a response, as Patient Opinion reported in 2012."""
    teller = Teller(2)
    for number, story in enumerate(stories(count)):
        yield (
            story
            if number % 25 >= 12
            else story.model_copy(update={"responses": (_response(teller, story),)})
        )


def _response(teller: Teller, story: Story) -> Response:
    words = teller.words(250)
    return Response(
        id=f"r{story.source.external_id}",
        organisation_name=story.services[0].name,
        responder_role="Patient Experience Manager",
        body=f"<p>{words.replace('&', '&amp;')}</p>",
        body_text=words,
        published_at=story.updated_at,
    )


def _story(teller: Teller, number: int) -> Story:
    paragraphs = [teller.words(320) for _ in range(3)]
    url = f"https://opinion.example/stories/{number}"
    at = _FIRST + timedelta(minutes=number)
    code = teller.pick(60)
    return Story(
        id=f"urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-{number:012}",
        revision=1,
        source=Source(channel="opinion", external_id=str(number), url=url),
        status=Status.PUBLISHED,
        publishers=("opinion.example",),
        title=f"What happened on visit {number}",
        body="".join(f"<p>{p.replace('&', '&amp;')}</p>\n" for p in paragraphs),
        body_text="\n".join(paragraphs),
        language="en-GB",
        url=url,
        origin=Reference(publisher="opinion.example", external_id=str(number), url=url),
        tags=(Tag(name="staff", group="good"), Tag(name="waiting", group="improve")),
        services=(Service(scheme="ods", code=f"RX{code:02}", name=f"Trust {code}"),),
        author=Author(display_name=f"Teller {teller.pick(5000)}"),
        published_at=at,
        updated_at=at + timedelta(days=1),
        rights=Rights(may_syndicate=True, attribution_text="First told on the Opinion Site"),
    )
