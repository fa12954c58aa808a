"""One record that cannot be understood stops no other, and its bytes are kept."""

from contextlib import suppress

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
