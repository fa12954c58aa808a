"""What people say comes through whole and safe, whenever and in whatever letters they said it."""

from dataclasses import replace
from datetime import UTC, datetime
from unicodedata import normalize

from kit.checks import check
from kit.trial import Trial, expect

_TEXTS = {
    "control characters": "The nurse\x00 was \x07kind and\x1b[31m listened to every word.",
    "a script": "The nurse was kind <script>alert(1)</script> and listened to every word.",
    "marks of direction": "The nurse \u202ewas kind\u202c and \u2066listened\u2069 to every word.",
    "an entity": "Tea &amp; toast &lt;b&gt; after the operation: A &nbsp; B, AT&T and more.",
    "every script": "Die Pflege 看護 التمريض сестра νοσοκόμα 👩🏽\u200d⚕️ was kind to me there.",
}

_WORDS = {
    "control characters": ("kind and", "listened to every word"),
    "a script": ("was kind", "listened to every word"),
    "marks of direction": ("kind", "listened", "to every word"),
    "an entity": ("after the operation", "AT&T and more"),
    "every script": ("看護 التمريض сестра νοσοκόμα 👩🏽\u200d⚕️",),
}

_EDGES = {
    "the hour that London skips": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    "the hour that London has twice": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "the end of the year": datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC),
    "a leap day": datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
}
_DAY_S = 86_400


@check()
def hostile_text_is_made_safe(trial: Trial) -> None:
    """Controls, scripts, marks of direction and entities break nothing and lose no word."""
    names = {}
    for about, text in _TEXTS.items():
        names[about] = trial.stage.name(trial.world.add(1, text=text)[0])
    trial.ingest()
    kept = trial.kept()
    for about, name in names.items():
        expect(name in kept or trial.refused(), f"a text with {about} is lost without a trace")
        if name not in kept:
            continue
        story = kept[name].story
        expect("<script" not in story.body.lower(), f"{about}: a script is in the HTML")
        bad = [c for c in story.body_text if c < " " and c not in "\n\t"]
        expect(not bad, f"{about}: a control character is kept")
        for word in _WORDS[about]:
            expect(word in kept[name].said, f"{about}: {word!r} is lost from {kept[name].said!r}")


@check()
def a_huge_title_stops_nothing(trial: Trial) -> None:
    """A title of a million characters is cut or set aside; the stories beside it are kept."""
    trial.world.add(2)
    huge = trial.world.add(1, title="A" * 1_000_000)[0]
    trial.world.add(2)
    saved = trial.ingest()
    expect(saved.new + saved.quarantined == 5, f"of five stories it made {saved}")  # noqa: PLR2004 -- those five
    others = [piece for piece in trial.world.shown() if piece.id != huge.id]
    kept = trial.kept()
    lost = [piece.id for piece in others if trial.stage.name(piece) not in kept]
    expect(not lost, f"the stories beside it are lost: {lost}")


@check()
def times_keep_their_instant(trial: Trial) -> None:
    """When a story was told is kept as that instant, also where clocks change and years end."""
    told = {}
    for about, moment in _EDGES.items():
        piece = trial.world.add(1)[0]
        trial.world.pieces[piece.id] = replace(piece, told_at=moment, changed_at=moment)
        told[trial.stage.name(piece)] = (about, moment)
    trial.ingest()
    kept = trial.kept()
    for name, (about, moment) in told.items():
        story = kept[name].story
        found = [t for t in (story.published_at, story.submitted_at, story.updated_at) if t]
        near = min((abs((t - moment).total_seconds()) for t in found), default=_DAY_S)
        expect(near < 1, f"{about}: told at {moment}, kept as {found}")


@check("hypothesis")
def any_words_come_through(trial: Trial) -> None:
    """Whatever words hypothesis makes up are kept as they are."""
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 -- only with it
    from hypothesis import strategies as st  # noqa: PLC0415 -- installed

    letters = st.characters(categories=("Lu", "Ll", "Lo", "Nd"), max_codepoint=0x2FFFF)
    words = st.lists(st.text(letters, min_size=1, max_size=9), min_size=4, max_size=12)
    texts = words.map(lambda found: normalize("NFC", "Kind " + " ".join(found) + " to me"))

    @settings(
        max_examples=6,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(texts, min_size=1, max_size=8))
    def told(found: list[str]) -> None:
        pieces = [trial.world.add(1, text=text)[0] for text in found]
        trial.ingest()
        kept = trial.kept()
        for piece in pieces:
            said = kept[trial.stage.name(piece)].said if trial.stage.name(piece) in kept else None
            expect(said is not None, f"lost without a trace: {piece.text!r}")
            expect(said and piece.text in said, f"{piece.text!r} became {said!r}")

    told()
