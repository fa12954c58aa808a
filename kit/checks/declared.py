"""A connector says of itself what operators and the kit need to know, and keeps its secrets."""

import inspect
import io
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import ValidationError

from kit import far, promises
from kit.checks import check
from kit.trial import Trial, expect
from schemas.channel import Options, Tells, options_schema
from schemas.errors import OutsideError, RefusedError

_EVERY = ("m", "h", "d")
_WRONG = "not-the-canary-7d1"


@check()
def says_what_it_is(trial: Trial) -> None:
    """It has a version, a schedule, what it tells, and a docstring that names its source."""
    module = trial.module
    expect(module.VERSION and isinstance(module.VERSION, str), "VERSION is not a word")
    number, unit = module.EVERY[:-1], module.EVERY[-1:]
    expect(number.isdigit() and unit in _EVERY, f"EVERY is {module.EVERY!r}, not like `15m`")
    expect(all(isinstance(t, Tells) for t in module.TELLS), "TELLS holds what is no `Tells`")
    expect(all(isinstance(s, str) for s in module.SECRETS), "SECRETS holds what is no name")
    expect("Spec: https://" in (inspect.getdoc(module) or ""), "no `Spec: https://…` in its docs")


@check()
def options_are_described(trial: Trial) -> None:
    """Its options have a JSON Schema in which every one says what it is for."""
    expect(issubclass(trial.module.OPTIONS, Options), "OPTIONS is no `Options`")
    schema = options_schema(trial.module.OPTIONS)
    for part in [schema, *schema.get("$defs", {}).values()]:
        for name, field in part.get("properties", {}).items():
            expect(field.get("description"), f"the option {name!r} does not say what it is for")


@check()
def an_unknown_option_is_refused(trial: Trial) -> None:
    """An option that nobody declared is refused, and not passed over."""
    told = dict(trial.stage.options(trial.place)) | {"colour_of_the_sky": "blue"}
    try:
        trial.module.OPTIONS.model_validate(told)
    except ValidationError:
        return
    expect(condition=False, otherwise="it took the option `colour_of_the_sky`")


@check("promised")
def options_once_promised_still_hold(trial: Trial) -> None:
    """What an operator could write under `options` is still taken, and nothing more is needed."""
    before = promises.promised(trial.kind, trial.stage) or {}
    broken = promises.broken(before, promises.of(trial.module.OPTIONS))
    expect(not broken, "; ".join(broken))


@check()
def no_secret_is_an_option(trial: Trial) -> None:
    """A secret is given by reference; none is written down among the options."""
    words = ("password", "secret", "token", "api_key", "apikey")
    for name in trial.module.OPTIONS.model_fields:
        looks_so = any(name == word or name.endswith(f"_{word}") for word in words)
        expect(not looks_so, f"the option {name!r} looks like a secret: name it in SECRETS")


@check("secret")
def a_wrong_secret_is_refused(trial: Trial) -> None:
    """Each of its secrets matters: a wrong one is a RefusedError, and nothing is kept."""
    trial.world.add(3)
    for name in trial.stage.SECRETS:
        trial.secrets = {name: _WRONG}
        try:
            trial.ingest()
        except RefusedError as error:
            expect(_WRONG not in str(error), f"the error shows the secret {name!r}")
        else:
            expect(condition=False, otherwise=f"a wrong {name!r} let us in")
    trial.secrets = {}
    expect(not trial.kept(), "something is kept though nobody let us in")


@check("secret")
def no_secret_is_told(trial: Trial) -> None:
    """No secret stands in a log, an output, an error, a representation, an address or the store."""
    trial.world.add(3)
    with _overheard() as said:
        trial.ingest()
        said.write(repr(trial.channel) + trial.channel.model_dump_json())
        if trial.source is not None:
            trial.world.add(1)
            for trouble in (far.status(500), far.status(403), far.reset, far.instead(_WEB_PAGE)):
                trial.source.trouble = trouble
                with suppress(OutsideError):
                    _told_of_failure(trial, said)
            trial.source.trouble = None
    kept = b"".join(f.read_bytes() for f in trial.folder.parent.glob("trial.db*"))
    for name, value in trial.stage.SECRETS.items():
        expect(value not in said.getvalue(), f"the secret {name!r} is told")
        expect(value.encode() not in kept, f"the secret {name!r} is kept in the store")
        pages = trial.fetch()
        expect(value not in "".join(map(_open_part, pages)), f"a page shows the secret {name!r}")


_WEB_PAGE = far.Reply(b"<!DOCTYPE html><html><body>Log in</body></html>", "text/html")


def _open_part(page: object) -> str:
    return f"{page!r} {getattr(page, 'cursor', '')} {getattr(page, 'payload', b'')!r}"


def _told_of_failure(trial: Trial, said: io.StringIO) -> None:
    try:
        trial.ingest()
    except OutsideError as error:
        said.write("".join(traceback.format_exception(error)) + repr(error))
        raise


@contextmanager
def _overheard() -> Iterator[io.StringIO]:
    """Listen to every logger, however talkative, while the block runs."""
    said = io.StringIO()
    listener = logging.StreamHandler(said)
    root = logging.getLogger()
    before = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.removeHandler(listener)
        root.setLevel(before)
