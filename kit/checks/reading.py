"""A connector reads all that is there, once, and knows when nothing is new."""

from kit.checks import check
from kit.trial import Trial, expect
from schemas.channel import Saved

FEW, MANY = 7, 230


@check()
def reads_everything(trial: Trial) -> None:
    """Every story that the source shows is kept, with its own words."""
    trial.world.add(MANY)
    saved = trial.ingest()
    expect(saved == Saved(new=MANY), f"of {MANY} stories it made {saved}")
    trial.expect_kept()


@check()
def second_run_is_quiet(trial: Trial) -> None:
    """A second run over an unchanged source finds nothing new and changes nothing."""
    trial.world.add(FEW)
    trial.ingest()
    before = {name: kept.story for name, kept in trial.kept().items()}
    saved = trial.ingest()
    expect(not saved.new and not saved.changed and not saved.removed, f"the second run: {saved}")
    after = {name: kept.story for name, kept in trial.kept().items()}
    expect(after == before, "the second run changed what is kept")
