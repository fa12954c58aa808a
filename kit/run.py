"""Run the checks of one kind, each in an empty store beside an empty source."""

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from connectors.channels import Connector, connector
from kit import promises
from kit.checks import Check, every_check
from kit.stages import Stage, stage
from kit.trial import Failed, Trial, open_trial

VERDICTS = PASSED, FAILED, LEFT_OUT = "passed", "failed", "left out"


class Outcome(NamedTuple):
    """What came of one check."""

    check: Check
    verdict: str
    why: str
    seconds: float


def run(
    kind: str,
    names: Sequence[str] = (),
    *,
    module: Connector | None = None,
    played: Stage | None = None,
) -> Iterator[Outcome]:
    """Run all checks of a kind, or those named, and give each outcome as it comes."""
    module, played = module or connector(kind), played or stage(kind)
    for one in every_check():
        if names and one.name not in names:
            continue
        began = time.monotonic()
        why = unfit(kind, one, module, played)
        verdict = LEFT_OUT
        if why is None:
            verdict, why = _tried(one, lambda f: (kind, f, module, played))
        yield Outcome(one, verdict, why, time.monotonic() - began)


def unfit(kind: str, one: Check, module: Connector, played: Stage) -> str | None:
    """Say why a check makes no sense for a kind; None where it does."""
    if one.name in played.BYPASS:
        return played.BYPASS[one.name]
    has = set(map(str, module.TELLS)) | {way for way in _WAYS if hasattr(played, _WAYS[way])}
    has |= {word for word, there in _more(kind, played).items() if there}
    missing = one.needs - has
    return "; ".join(_LACKS[need] for need in sorted(missing)) or None


_LACKS = {
    "asked": "it is sent its stories, not asked for them",
    "edits": "its source tells of no edits",
    "fields": "its records are neither asked for over HTTP nor sent",
    "folder": "its source is no folder",
    "http": "its source is not asked over HTTP",
    "hypothesis": "hypothesis is not installed",
    "pages": "its source has no pages over HTTP",
    "promised": "no options of it were promised yet",
    "push": "its source sends nothing",
    "removals": "its source tells of no removals",
    "replies": "its source tells of no replies",
    "secret": "it needs no secret",
    "served": "its source has no server of its own",
}
"""Why a check is left out, by what it needs."""


def _more(kind: str, played: Stage) -> dict[str, bool]:
    return {
        "secret": bool(played.SECRETS),
        "fields": hasattr(played, "answer") or hasattr(played, "deliver"),
        "pages": hasattr(played, "answer"),
        "promised": promises.promised(kind, played) is not None,
        "asked": not hasattr(played, "deliver"),
        "hypothesis": find_spec("hypothesis") is not None,
    }


_WAYS = {"http": "answer", "folder": "lay", "push": "deliver", "served": "serve"}


def _tried(
    one: Check, given: Callable[[Path], tuple[str, Path, Connector, Stage]]
) -> tuple[str, str]:
    with TemporaryDirectory() as folder:
        kind, place, module, played = given(Path(folder))
        with open_trial(kind, place, module=module, played=played) as trial:
            return _verdict(one, trial)


def _verdict(one: Check, trial: Trial) -> tuple[str, str]:
    try:
        one.run(trial)
    except Failed as failed:
        return FAILED, str(failed)
    except Exception as error:  # noqa: BLE001 -- whatever a connector raises is a finding
        return FAILED, f"{type(error).__name__}: {error}"
    return PASSED, ""
