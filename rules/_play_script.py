"""What is told in a play: who says what, and at which share of its length it changes.

All of it says plainly that it is made up. The last quarter is quiet: whoever polls meets a feed
that has not changed, and whoever is late has time.
"""

from typing import Any, NamedTuple

from schemas.story import Change, DraftResponse, Kind, Rating, Service, Tag

TEST = "[Test]"
"""What every title begins with."""

CREDIT = f"{TEST} From the sandbox of this feed"
"""The attribution of every story."""

SITE = "https://stories.example/sandbox"
"""Where the stories say that they were first told: a name that leads nowhere."""

_MADE_UP = f"{TEST} Nobody told this: it was made up to try a page.\n\n"
_WARD = Service(scheme="test", code="WARD", name=f"{TEST} Ward of nobody", role="provider")


class Told(NamedTuple):
    """What a story says from a share of the play on."""

    at: float
    fields: dict[str, Any]
    """Of a draft."""


class Gone(NamedTuple):
    """From a share of the play on a story is removed."""

    at: float


Acts = tuple[Told | Gone, ...]
"""What becomes of one story, in order."""


def _said(title: str, body: str, **more: Any) -> dict[str, Any]:
    given = {"title": f"{TEST} {title}", "body": _MADE_UP + body, "language": "en-GB"}
    return given | {"services": (_WARD,)} | more


def _stars(value: int) -> tuple[Rating, ...]:
    return (Rating(scheme="stars", question="Overall", value=value, min=1, max=5),)


def _reply(body: str, change: Change) -> tuple[DraftResponse, ...]:
    reply = DraftResponse(
        external_id="reply",
        organisation="test:WARD",
        organisation_name=_WARD.name,
        responder_role="Nobody in particular",
        body=f"{TEST} {body}",
        change=change,
    )
    return (reply,)


_LONG = (
    "It has **strong** words, *soft* ones, a [link](https://stories.example/link)"
    " and a list:\n\n- tea & toast\n- 3 < 4\n- “quotes”, and an emoji 🙂\n\n> A quotation.\n\n"
    + "\n\n".join(f"Paragraph {n} says nothing. " + "It goes on. " * 30 for n in range(1, 9))
)
_ARABIC = "هذه قصة مصطنعة للاختبار فقط، لم يروها أحد."
_JAPANESE = "これは試験のために作られた文章です。だれの体験でもありません。"
_THANKS = "The nurse who is named above stayed with us."

SCRIPT: dict[str, Acts] = {
    "long": (
        Told(0.0, _said("A long story, with tea & toast at 3 < 4", _LONG, ratings=_stars(4))),
    ),
    "arabic": (Told(0.0, _said("قصة للاختبار من اليمين إلى اليسار", _ARABIC, language="ar")),),
    "japanese": (
        Told(0.0, _said("試験のための短い話", _JAPANESE, language="ja", kind=Kind.THANKS)),
    ),
    "name": (
        Told(0.05, _said("Thank you, Nurse Wrongname", _THANKS)),
        Told(0.35, _said("Thank you, Nurse Rightname", _THANKS)),
    ),
    "answered": (
        Told(0.05, _said("Nobody answered yet", "We would like an answer.", ratings=_stars(2))),
        Told(
            0.2,
            _said(
                "Nobody answered yet",
                "We would like an answer.",
                ratings=_stars(2),
                responses=_reply("Thank you. We are looking into it.", Change.PLANNED),
            ),
        ),
        Told(
            0.5,
            _said(
                "Nobody answered yet",
                "We would like an answer.",
                ratings=_stars(2),
                responses=_reply("Thank you. We have changed it.", Change.MADE),
            ),
        ),
    ),
    "short": (
        Told(
            0.1,
            _said(
                "Bad",
                "Bad.",
                kind=Kind.REVIEW,
                ratings=_stars(1),
                tags=(Tag(name="waiting", group="improve"), Tag(name="parking & access")),
            ),
        ),
    ),
    "withdrawn": (
        Told(0.05, _said("This must be taken down", "It is removed for good.", ratings=_stars(3))),
        Gone(0.55),
    ),
    "answered and withdrawn": (
        Told(
            0.1,
            _said(
                "Take this away with its answer",
                "It is removed together with what was answered.",
                responses=_reply("Thank you.", Change.NONE),
            ),
        ),
        Gone(0.7),
    ),
    "returning": (
        Told(0.1, _said("This goes, and comes back", "It was removed by mistake.")),
        Gone(0.4),
        Told(0.65, _said("This goes, and comes back", "It was removed by mistake.")),
    ),
    "late": (
        Told(0.6, _said("This came late", "It has a mistake in its text.")),
        Told(0.75, _said("This came late", "It had a mistake in its text.")),
    ),
}
"""Each story by a name that no partner sees."""
