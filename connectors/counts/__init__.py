"""The doors in for view counts: one module per form of view report, found by its file name.

A module is a counter when it has what `Counter` lists.
"""

from typing import Protocol, cast

from connectors import _kinds
from schemas.errors import UnfitError
from schemas.views import ParsedReport


class Counter(Protocol):
    """What a module of this package must have."""

    MEDIA_TYPES: tuple[str, ...]
    """What such a report may be sent as."""

    def recognises(self, payload: bytes) -> bool:
        """Say whether a payload looks like one of these, by its beginning alone."""

    def parse(self, payload: bytes, media_type: str) -> ParsedReport:
        """Read a report; a row that cannot be understood is listed and spoils no other.

        A payload that is no such report is an UnfitError, whose text can be sent back.
        """


def kinds() -> tuple[str, ...]:
    """List the forms of view report there are."""
    return _kinds.kinds(__path__)


def counter(kind: str) -> Counter:
    """Find the counter for a form of report; UnknownKindError names those there are."""
    return cast("Counter", _kinds.load(__name__, __path__, kind))


def plain_type(media_type: str) -> str:
    """Strip a Content-Type of its parameters."""
    return media_type.partition(";")[0].strip().lower()


def recognise(media_type: str, payload: bytes) -> str:
    """Tell which form a report is in; UnfitError where it is in none that we know."""
    sent_as = plain_type(media_type)
    forms = {kind: counter(kind) for kind in kinds()}
    # What curl calls everything, as application/x-www-form-urlencoded, tells nothing.
    typed = [kind for kind, form in forms.items() if sent_as in form.MEDIA_TYPES]
    for kind in typed or forms:
        if forms[kind].recognises(payload):
            return kind
    raise UnfitError(
        "unknown_form",
        f"this is no view report that we know, as {sent_as or 'a file of no type'}; "
        f"send one of: {', '.join(kinds())}",
    )
