"""What every format shows of an entry: its HTML, and how a time is written."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from string import ascii_letters, digits
from uuid import NAMESPACE_URL, uuid5

from schemas.feed import COMMENTS, KIND, Entry
from schemas.story import Kind, Response

BEACON = ('\n<img src="', '" width="1" height="1" alt=""/>')
"""The image that a page loads when an entry is read: what stands before its address, and after."""

# Not strftime: its words depend on the locale of the machine.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_SEAM = "\0"
"""Stands between words that are escaped together."""

_PLAIN = f"{ascii_letters}{digits}:/._~?=%-".encode()


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC as RFC 3339 has it, ending in `Z`."""
    return moment.isoformat()[:-6] + "Z"


def htmls(told: Sequence[Entry]) -> list[str]:
    """Write all that a reader sees of each: the story, its responses, and whom to thank for it."""
    sections = ["".join([_section(e, response) for response in e.responses]) for e in told]
    return [
        entry.html + answered + thanked
        for entry, answered, thanked in zip(told, sections, thanks(told), strict=True)
    ]


def thanks(told: Sequence[Entry]) -> list[str]:
    """Write whom to thank for each story; nothing where nobody asks for it."""
    words = [e.attribution or e.attribution_url or "" for e in told]
    links = _together([e.attribution_url or e.url or "" for e in told])
    return [_thanks(said, link) if said else "" for said, link in zip(words, links, strict=True)]


def responder(entry: Entry, response: Response) -> str:
    """Name who responds, as well as they are known: never empty. Anybody comments on a post."""
    nameless = "a reader" if is_post(entry) else "the organisation"
    return response.organisation_name or response.organisation or nameless


def is_post(entry: Entry) -> bool:
    """Say whether an entry is an organisation's announcement, and no story of care."""
    return entry.kind == Kind.POST


def marks(entry: Entry) -> list[tuple[str, str]]:
    """List what tells a post from a story, each with its scheme; a story needs none."""
    if not is_post(entry):
        return []
    said = [(COMMENTS, str(entry.comments))] if entry.comments else []
    return [(KIND, entry.kind), *said]


def heading(entry: Entry, who: str) -> str:
    """Write what stands above a response, or above a comment on a post."""
    return f"{'Comment' if is_post(entry) else 'Response'} from {who}"


def response_id(story_id: str, response: Response) -> str:
    """Name a response for ever: the same response to the same story bears the same name."""
    return uuid5(NAMESPACE_URL, f"{story_id}\n{response.id}").urn


def credit(line: str | None) -> str:
    """Write the line that an agreement asks for; nothing where it asks for none."""
    return f"\n<p>{escape(line)}</p>" if line else ""


def is_plain(url: str) -> bool:
    """Say whether an address means itself in HTML, in XML and in JSON alike."""
    return not url.encode().translate(None, _PLAIN)


def rights(licence: str | None, attribution: str | None) -> str:
    """Say in one line of text under what terms an entry stands; empty where nobody said."""
    return "; ".join(filter(None, (licence, attribution)))


def _section(entry: Entry, response: Response) -> str:
    named = ", ".join(filter(None, (response.organisation_name, response.responder_role)))
    above = escape(heading(entry, named or responder(entry, response)))
    when = response.published_at or response.updated_at
    date = _date(when) if when else ""
    return f"\n<section>\n<h3>{above}</h3>\n{date}{response.body}\n</section>"


def _date(when: datetime) -> str:
    words = f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    return f'<p><time datetime="{rfc3339(when)}">{words}</time></p>\n'


def _together(words: Sequence[str]) -> list[str]:
    """Escape words as HTML, at a fraction of what each alone would cost."""
    joined = _SEAM.join(words)
    if joined.count(_SEAM) != len(words) - 1:  # one holds a NUL of its own
        return [escape(word) for word in words]
    return escape(joined).split(_SEAM)


def _thanks(words: str, link: str) -> str:
    line = _line(words)
    return f'\n<p><a href="{link}">{line}</a></p>' if link else f"\n<p>{line}</p>"


@lru_cache(maxsize=1024)  # a channel's stories share theirs
def _line(words: str) -> str:
    return escape(words)
