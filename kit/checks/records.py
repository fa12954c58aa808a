"""One record that cannot be understood stops no other, and its bytes are kept."""

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from lxml import etree

from kit import far
from kit.checks import check
from kit.trial import Trial, expect
from schemas.channel import Fetched, Tells
from schemas.errors import OutsideError


@check()
def a_bad_record_goes_to_quarantine(trial: Trial) -> None:
    """A malformed record among good ones is set aside with its reason; the rest goes on."""
    trial.world.add(3)
    trial.world.add(1, broken=True)
    trial.world.add(3)
    saved = trial.ingest()
    expect(saved.quarantined == 1, f"of one bad record among six good it made {saved}")
    trial.expect_kept()
    refused = trial.refused()
    expect(len(refused) == 1, f"{len(refused)} records are in quarantine, not 1")
    expect(refused[0].code and refused[0].reason, "it does not say what is wrong with it")


@check()
def a_bad_record_can_be_read_again(trial: Trial) -> None:
    """What is set aside is by itself a payload that `parse` takes: so it can be replayed."""
    trial.world.add(2)
    trial.world.add(1, broken=True)
    faulty = [one for parsed in trial.parse(trial.fetch()) for one in parsed.faulty]
    drafts = [d for parsed in trial.parse(trial.fetch()) for d in parsed.drafts]
    expect(len(faulty) + len(drafts) == 3, "of three records not all are drafts or faulty")  # noqa: PLR2004 -- those three
    for one in faulty:
        alone = Fetched(payload=one.payload, media_type=one.media_type)
        again = trial.module.parse(trial.channel, alone)
        expect(len(again.faulty) == 1 and not again.drafts, "its bytes alone are read otherwise")
        expect(again.faulty[0].code == one.code, "its bytes alone have another fault")


@check(Tells.EDITS)
def a_mended_record_leaves_quarantine(trial: Trial) -> None:
    """A bad record that the source mends is kept by the next run."""
    trial.world.add(2)
    bad = trial.world.add(1, broken=True)[0]
    trial.ingest()
    trial.world.edit(bad.id, broken=False)
    trial.ingest()
    trial.expect_kept()


@check()
def mostly_bad_is_doubted(trial: Trial) -> None:
    """Where most records cannot be understood, the source has changed: the page is not taken in."""
    trial.world.add(5)
    trial.world.add(45, broken=True)
    raised = False
    try:
        trial.ingest()
    except OutsideError:
        raised = True
    expect(raised, "most records are bad, and nobody is told")
    for piece in list(trial.world.pieces.values()):
        if piece.broken:
            trial.world.edit(piece.id, broken=False)
    trial.ingest()
    trial.expect_kept()


@check()
def junk_is_garbled(trial: Trial) -> None:
    """A payload that is not what was promised is a GarbledError, never something else."""
    trial.world.add(2)
    for page in trial.fetch():
        half = page.payload[: len(page.payload) // 2]
        for junk in (b"", b"\x00\xff\xfe junk", b"[[[[", b"{}", half):
            with suppress(OutsideError):
                trial.module.parse(trial.channel, page.model_copy(update={"payload": junk}))
    bent = trial.fetch()[0].model_copy(update={"payload": b"<!DOCTYPE html><html></html>"})
    raised = False
    try:
        trial.module.parse(trial.channel, bent)
    except OutsideError:
        raised = True
    expect(raised, "a web page was parsed as if it held no story")


@check("fields")
def a_new_field_changes_nothing(trial: Trial) -> None:
    """A source that begins to tell more of its records is read as before, the old and the new."""
    trial.world.add(3)
    trial.ingest()
    before = {name: kept.story for name, kept in trial.kept().items()}
    expect(trial.parse(trial.fetch()) == trial.parse(_of_more(trial)), "what was read is another")
    if trial.is_sent:
        return
    trial.server.trouble = _telling_more
    saved = trial.ingest()
    quiet = not (saved.new or saved.changed or saved.removed or saved.quarantined)
    expect(quiet, f"of fields that nobody knew it made {saved}")
    after = {name: kept.story for name, kept in trial.kept().items()}
    expect(after == before, "fields that nobody knew changed what is kept")
    trial.world.add(3)
    saved = trial.ingest()
    expect(not saved.quarantined, f"{saved.quarantined} records with new fields are in quarantine")
    trial.expect_kept()


def _of_more(trial: Trial) -> list[Fetched]:
    """Read from the start what tells more."""
    if trial.is_sent:
        return [
            page.model_copy(update={"payload": _told_more(page.payload, "json")})
            for page in trial.fetch()
        ]
    trial.server.trouble = _telling_more
    pages = trial.fetch()
    trial.server.trouble = None
    return pages


def _telling_more(handler: far.Handler, ask: far.Ask, answer: far.Answer) -> None:
    reply = answer(ask)
    body = _told_more(reply.body, reply.media_type) if reply.body else b""
    handler.send(far.Reply(body, reply.media_type, reply.status, reply.headers))


def _told_more(body: bytes, media_type: str) -> bytes:
    """Add fields that no specification knows to every record of an answer, of every shape."""
    ways: dict[str, Callable[[bytes], bytes]] = {
        "json": lambda body: orjson.dumps(_more_json(orjson.loads(body))),
        "xml": _more_xml,
        "csv": _more_csv,
    }
    for word, way in ways.items():
        if word in media_type:
            return way(body)
    return body


_NEW = {
    "x_new": "unheard of",
    "aa_number": 7,
    "zz_nothing": None,
    "newList": [{"id": "x", "text": "unheard of"}],
}


def _more_json(told: Any) -> Any:
    if isinstance(told, list):
        return [_more_json(one) for one in told]
    if isinstance(told, dict):
        return {name: _more_json(one) for name, one in told.items()} | _NEW
    return told


def _more_xml(body: bytes) -> bytes:
    root = etree.fromstring(body)
    for element in list(root.iter()):
        if len(element):
            etree.SubElement(element, "{urn:unheard-of}new", kind="x").text = "unheard of"
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _more_csv(body: bytes) -> bytes:
    head, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
    written = io.StringIO()
    csv.writer(written).writerows([["New", *head], *(["unheard of", *row] for row in rows)])
    return written.getvalue().encode()
