"""Write a feed as Google's merchant reviews, version 5.0: an organisation is its merchant.

It says less than a story does. Left out, for want of a word: responses, tags, markup, every
rating but the one that is of the whole, and every organisation but the first (one review is of
one merchant). An entry without such a rating, or of no organisation, Google does not take, and a
post is no review: it becomes an empty fragment, or a deletion where an earlier revision may have
been shown. Left out too, because we do not know it: the web address of an organisation
(`merchant_url`), a public page of its ratings (`rating_url`), how a story was asked for
(`collection_method`), and the country of a register that we do not know. Whoever hands the feed
on to Google has to add the addresses.
What is one partner's alone stands in processing instructions, which no schema forbids.
Spec: https://developers.google.com/merchant-review-feeds/xmlschema
"""

from collections.abc import Iterable, Sequence

from feeds._content import rfc3339
from feeds._xml import DECLARATION, attribute, sealed, text, ways
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Head, Slot, Subject, Tombstone
from schemas.story import Kind, Rating, overall

MEDIA_TYPE = "application/xml; charset=utf-8"
EXTENSION = "google"
VERSION = "2"
CARRIES_TOMBSTONES = True

NAMESPACE = "http://schemas.google.com/merchant_reviews/5.0"
_FEED = (
    f'<feed xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    f' xsi:schemaLocation="{NAMESPACE}'
    ' http://www.gstatic.com/productsearch/static/reviews/5.0/merchant_reviews.xsd">\n'
)
_COUNTRIES = {"ods": "GB", "ons": "GB", "cqc": "GB"}
"""Whose registers the schemes of organisations are."""

_BETWEEN = b"</merchant>\n"
_GONE = b"<deleted_review "


def fragments(told: Sequence[Entry]) -> list[bytes]:
    """Write each entry as a `merchant` and a `review`, with marks; empty where neither can be."""
    return [_fragment(entry) for entry in told]


def _fragment(entry: Entry) -> bytes:
    rated = None if entry.kind == Kind.POST else _rated(entry.ratings)
    if rated is None or not entry.subjects:
        return sealed(_deleted(entry.id, rfc3339(entry.updated_at))) if entry.revision > 1 else b""
    of = entry.subjects[0]
    opening = (
        f'<merchant id="{attribute(of.id)}"><name>{text(of.name)}</name></merchant>\n'
        f'<review id="{attribute(entry.id)}" mid="{attribute(of.id)}">\n'
        f"<reviewer_name>{text(entry.author)}</reviewer_name>\n"
        f"<create_timestamp>{rfc3339(entry.published_at)}</create_timestamp>\n"
        f"<last_update_timestamp>{rfc3339(entry.updated_at)}</last_update_timestamp>\n"
        f"{_country(of)}"
        f"<title>{text(entry.title)}</title>\n"
        f"<content>{text(entry.text + _thanks(entry))}"
    )
    return sealed(opening) + f"{CREDIT_MARK}</content>\n{rated}{BEACON_MARK}</review>\n".encode()


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one `feed`; each merchant stands in it once."""
    line = sealed(text(f"\n\n{head.credit}" if head.credit else ""))
    merchants: dict[bytes, bytes] = {}
    reviews = []
    gone = [sealed(_deleted(t.id, rfc3339(t.at))) for t in tombstones]
    for slot in slots:
        if slot.fragment.startswith(_GONE):
            gone.append(slot.fragment)
        elif slot.fragment:
            merchant, end, review = slot.fragment.partition(_BETWEEN)
            merchants.setdefault(merchant.partition(b">")[0], merchant + end)
            reviews.append(_spliced(review, line, slot.beacon_url))
    return b"".join(
        (
            sealed(DECLARATION + "".join(_way(rel, url) for rel, url in ways(head)) + _FEED),
            _within(b"merchants", merchants.values()),
            _within(b"reviews", reviews),
            _within(b"deleted_reviews", gone),
            b"</feed>\n",
        )
    )


def _spliced(review: bytes, line: bytes, beacon_url: str | None) -> bytes:
    before, _, rest = review.partition(CREDIT_MARK.encode())
    middle, _, after = rest.partition(BEACON_MARK.encode())
    instruction = "" if beacon_url is None else f'<?retold-beacon href="{attribute(beacon_url)}"?>'
    return before + line + middle + sealed(instruction) + after


def _within(name: bytes, elements: Iterable[bytes]) -> bytes:
    """Put elements into their container, which must not be there without any."""
    inner = b"".join(elements)
    return b"<%b>\n%b</%b>\n" % (name, inner, name) if inner else b""


def _way(relation: str, url: str) -> str:
    return f'<?retold-link rel="{relation}" href="{attribute(url)}"?>\n'


def _deleted(story_id: str, when: str) -> str:
    return (
        f'<deleted_review id="{attribute(story_id)}">'
        f"<last_update_timestamp>{when}</last_update_timestamp></deleted_review>\n"
    )


def _country(of: Subject) -> str:
    country = _COUNTRIES.get(of.id.partition(":")[0])
    return f"<country_code>{country}</country_code>\n" if country else ""


def _thanks(entry: Entry) -> str:
    words = " ".join(filter(None, (entry.attribution, entry.attribution_url or entry.url)))
    return f"\n\n{words}" if entry.attribution or entry.attribution_url else ""


def _rated(ratings: Sequence[Rating]) -> str | None:
    """Write the rating that is of the whole; None where there is none."""
    chosen = overall(ratings)
    if chosen is None:
        return None
    least, value, most = map(_number, (chosen.min, chosen.value, chosen.max))
    return f'<ratings>\n<overall min="{least}" max="{most}">{value}</overall>\n</ratings>\n'


def _number(number: float) -> str:
    """Write a number as XML Schema has a decimal: never with an exponent."""
    return f"{number:f}".rstrip("0").rstrip(".")
