"""A connector that is sent its stories takes in what is genuine, and each delivery once."""

from dataclasses import replace
from datetime import timedelta

from kit.checks import check
from kit.trial import Trial, expect
from kit.world import Delivery
from schemas.errors import RefusedError

FEW = 3


@check("push")
def a_repeated_delivery_is_taken_in_once(trial: Trial) -> None:
    """A delivery that is sent again under its id is a duplicate, and changes nothing."""
    trial.world.add(FEW)
    first, second = [trial.receive(trial.deliveries()[0]) for _ in range(2)]
    expect(first.saved.new == FEW, f"of {FEW} stories it made {first.saved}")
    expect(second.duplicate, "the second time it was no duplicate")
    expect(second.id == first.id, "it stands under another number than the first time")
    trial.expect_kept()


@check("push")
def the_id_tells_deliveries_apart(trial: Trial) -> None:
    """Two deliveries of the same stories, changed between them, are both taken in."""
    piece = trial.world.add(1)[0]
    trial.receive(trial.deliveries()[0])
    trial.world.edit(piece.id, text="On the second day the nurse explained it all to me again.")
    again = trial.receive(trial.deliveries()[0])
    expect(not again.duplicate, "another delivery was taken for the first")
    trial.expect_kept()


@check("push")
def a_bent_delivery_is_refused(trial: Trial) -> None:
    """A delivery that was altered, or that nobody signed, is refused and nothing of it kept."""
    trial.world.add(FEW)
    good = trial.deliveries()[0]
    _refused(trial, replace(good, body=good.body.replace(b"nurse", b"purse")), "altered")
    for name in good.headers:
        if name != "content-type":
            bare = {k: v for k, v in good.headers.items() if k != name}
            _refused(trial, replace(good, headers=bare), f"without {name}")
            _refused(trial, replace(good, headers={**good.headers, name: "1"}), f"bent {name}")
    trial.receive(good)
    trial.expect_kept()


@check("push")
def a_stale_delivery_is_refused(trial: Trial) -> None:
    """A delivery that was signed an hour ago, or an hour ahead, is refused: it may be replayed."""
    trial.world.add(FEW)
    for hours in (-1, 1):
        _refused(trial, trial.deliveries(timedelta(hours=hours))[0], f"{hours} h off")
    expect(not trial.kept(), "something of it is kept")


@check("push")
def a_late_delivery_undoes_nothing(trial: Trial) -> None:
    """Deliveries come in any order: an older state of a story does not follow a newer one."""
    piece = trial.world.add(1)[0]
    older = trial.deliveries()[0]
    trial.world.edit(piece.id, text="On the second day the nurse explained it all to me again.")
    trial.receive(trial.deliveries()[0])
    receipt = trial.receive(older, timedelta(minutes=-60))
    expect(not receipt.saved.changed, f"it made {receipt.saved}")
    trial.expect_kept()


@check("push")
def a_delivery_of_junk_is_kept_whole(trial: Trial) -> None:
    """What is genuine and cannot be understood waits in quarantine with all its bytes."""
    trial.world.add(1, broken=True)
    receipt = trial.receive(trial.deliveries()[0])
    expect(receipt.saved.quarantined == 1, f"it made {receipt.saved}")
    expect(len(trial.refused()) == 1, "nothing waits in quarantine")


def _refused(trial: Trial, delivery: Delivery, about: str) -> None:
    try:
        trial.receive(delivery)
    except RefusedError:
        expect(not trial.kept(), f"a delivery was refused, and something kept: {about}")
        return
    expect(condition=False, otherwise=f"a delivery was taken in: {about}")
