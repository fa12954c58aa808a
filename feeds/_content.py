"""What every format shows of an entry: its HTML, and how a time is written."""

from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from html import escape
from string import ascii_letters, digits
from uuid import NAMESPACE_URL

from schemas.feed import COMMENTS, KIND, Entry
from schemas.story import Kind, Response

BEACON = ('\n<img src="', '" width="1" height="1" alt=""/>')
"""The image that a page loads when an entry is read: what stands before its address, and after."""

# Not strftime: its words depend on the locale of the machine.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_POST = Kind.POST.value  # to look it up in its enumeration costs more than to compare it

_ADDRESSES = NAMESPACE_URL.bytes

_PLAIN = f"{ascii_letters}{digits}:/._~?=%-".encode()


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC as RFC 3339 has it, ending in `Z`."""
    return moment.isoformat()[:-6] + "Z"


def html(entry: Entry) -> str:
    """Write all that a reader sees: the story, each response, and whom to thank for it."""
    sections = "".join(_section(entry, response) for response in entry.responses)
    return entry.html + sections + thanks(entry)


def thanks(entry: Entry) -> str:
    """Write whom to thank for a story; nothing where nobody asks for it."""
    words = entry.attribution or entry.attribution_url
    if not words:
        return ""
    line, link = _line(words), entry.attribution_url or entry.url
    return f'\n<p><a href="{escape(link)}">{line}</a></p>' if link else f"\n<p>{line}</p>"


def responder(entry: Entry, response: Response) -> str:
    """Name who responds, as well as they are known: never empty. Anybody comments on a post."""
    nameless = "a reader" if is_post(entry) else "the organisation"
    return response.organisation_name or response.organisation or nameless


def is_post(entry: Entry) -> bool:
    """Say whether an entry is an organisation's announcement, and no story of care."""
    return entry.kind == _POST


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
    # As uuid5 makes them, which takes four times as long.
    name = f"{story_id}\n{response.id}".encode()
    digest = sha1(_ADDRESSES + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return (
        f"urn:uuid:{digest[:8]}-{digest[8:12]}-5{digest[13:16]}"
        f"-{variant}{digest[17:20]}-{digest[20:32]}"
    )


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


@lru_cache(maxsize=1024)  # a channel's stories share theirs
def _line(words: str) -> str:
    return escape(words)
