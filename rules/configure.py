"""Read the configuration as a whole: one record of it, or every fault in it at once.

Spec: https://toml.io/en/v1.0.0
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, Field

from rules import _organisation_files, play, push, webhooks
from rules._config_checks import SECTIONS, check
from rules._organisation_files import Known
from rules._toml_lines import Path
from rules._toml_page import Page, open_page, suggest
from schemas._record import Record
from schemas.channel import Channel, Options
from schemas.config import Config, HttpRules, OwnSite, ReportPull
from schemas.errors import ConfigError
from schemas.organisation import Population
from schemas.partner import Agreement, Edition, Partner, Webhook

M = TypeVar("M", bound=BaseModel)

FORMATS = ("atom", "rss", "json", "jsonld", "google", "activity")
"""The feed formats there are where the caller names no others."""

_NONE: Mapping[str, Any] = MappingProxyType({})

_EVERY = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_WEBHOOK_SECRETS = ("secret", "next_secret")
_REFERENCE = '{ env = "NAME" } or { file = "/run/secrets/name" }'


class Source(Record):
    """All that a configuration is read from, in hand: nothing here opens a file."""

    path: str
    """What faults call the file, `retold.toml`."""
    toml: bytes = Field(repr=False)
    files: Mapping[str, bytes] = Field(default={}, repr=False)
    """The files of organisations, by path as written; one that cannot be read is left out."""
    environ: Mapping[str, str] = Field(default={}, repr=False)
    secret_files: Mapping[str, str] = Field(default={}, repr=False)
    """The files that hold secrets, by path as written; one that cannot be read is left out."""


def every_s(text: str) -> int:
    """Read a length of time, `15m`, `1h` or `1d`, as seconds; ValueError where it is none."""
    found = _EVERY.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no length of time")
    return int(found[1]) * _SECONDS[found[2]]


def wanted_files(toml: bytes) -> tuple[str, ...]:
    """List the files of organisations that a configuration names; none where it is not TOML."""
    page = _page_or_none(toml)
    return tuple(text for _, text in page.texts(("organisations",))) if page else ()


def wanted_secret_files(toml: bytes) -> tuple[str, ...]:
    """List the files that a configuration names for secrets; none where it is not TOML."""
    page = _page_or_none(toml)
    if page is None:
        return ()
    references: list[Path] = [(*at, "secret") for at in page.each("reports")]
    for at in page.each("partners"):
        references += [(*at, "webhook", name) for name in _WEBHOOK_SECRETS]
    for at in page.each("channels"):
        references += [(*at, "secrets", name) for name in page.table((*at, "secrets"))]
    texts = (page.text((*at, "file")) for at in references)
    return tuple(text for text in texts if text is not None)


def _page_or_none(toml: bytes) -> Page | None:
    try:
        return open_page("", toml)
    except ConfigError:
        return None


def read(
    source: Source,
    options_by_kind: Mapping[str, type[Options]],
    secrets_by_kind: Mapping[str, Collection[str]] = _NONE,
    formats: Collection[str] = FORMATS,
) -> Config:
    """Make one record of a configuration; a ConfigError lists every fault, in order of lines.

    `secrets_by_kind` names the secrets that channels of a kind cannot do without.
    """
    page = open_page(source.path, source.toml)
    kinds = _Kinds(options_by_kind, secrets_by_kind)
    top = page.record(_Top, (), apart=_apart_from_top()) or _Top()
    known = _organisations(page, source)
    channels = [_channel(page, at, source, kinds) for at in page.each("channels")]
    own_sites = [_own_site(page, at) for at in page.each("channels")]
    partners = _fit(_partner(page, at, source) for at in page.each("partners"))
    reports = [_report(page, at, source) for at in page.each("reports")]
    agreements = _fit(page.record(Agreement, at) for at in page.each("agreements"))
    editions = _fit(page.record(Edition, at) for at in page.each("editions"))
    config = Config(
        name=top.name,
        http=page.record(HttpRules, ("http",)) or HttpRules(),
        channels=_fit(channels),
        own_sites=_fit(own_sites),
        partners=partners,
        agreements=agreements,
        editions=(*editions, *play.editions(partners, agreements)),
        reports=_fit(reports),
        organisations=known.organisations,
        populations=_fit(page.record(Population, at) for at in page.each("populations")),
    )
    check(page, known, formats)
    if faults := [*sorted(page.faults, key=lambda fault: fault.line), *known.faults]:
        raise ConfigError(faults)
    return config


class _Kinds(NamedTuple):
    """What is known of the kinds of channels."""

    options: Mapping[str, type[Options]]
    secrets: Mapping[str, Collection[str]]


class _Top(Record):
    """What stands above the first table."""

    name: str = Field(default="Retold", min_length=1)
    organisations: tuple[str, ...] = ()


def _apart_from_top() -> Mapping[str, Collection[str]]:
    return {"http": HttpRules.model_fields} | dict.fromkeys(SECTIONS, ())


def _fit(found: Iterable[M | None]) -> tuple[M, ...]:
    return tuple(each for each in found if each is not None)


def _organisations(page: Page, source: Source) -> Known:
    files: dict[str, bytes] = {}
    unread = False
    for at, path in page.texts(("organisations",)):
        if path not in source.files:
            unread = True
            page.fault(at, f"`{path}` cannot be read", "check that it is there, and may be read")
        elif path in files:
            page.fault(at, f"`{path}` stands twice", "name each file once")
        files |= {path: source.files[path]} if path in source.files else {}
    known = _organisation_files.read(
        [(_beside(source.path, path), payload) for path, payload in files.items()]
    )
    return known._replace(whole=known.whole and not unread)


def _beside(path: str, written: str) -> str:
    folder, slash, _ = path.rpartition("/")
    return written if written.startswith("/") else f"{folder}{slash}{written}"


def _channel(page: Page, at: Path, source: Source, kinds: _Kinds) -> Channel | None:
    kind = page.text((*at, "kind"))
    options_model = kinds.options.get(kind or "")
    if kind is not None and options_model is None:
        page.fault((*at, "kind"), f"`{kind}` is no kind of channel", suggest(kind, kinds.options))
    declared = kinds.secrets.get(kind or "", ())
    channel = page.record(
        Channel,
        at,
        apart={
            "options": options_model.model_fields if options_model else (),
            "secrets": declared,
            "own_site": [name for name in OwnSite.model_fields if name != "channel"],
        },
    )
    for name in ("every", "expect_every"):
        length = page.text((*at, name))
        if length is not None and not _EVERY.fullmatch(length):
            remedy = "write a number and a unit: 15m, 1h, 1d"
            page.fault((*at, name), f"`{length}` is no length of time", remedy)
    secrets = _secrets(page, (*at, "secrets"), source, declared)
    options = options_model and page.record(options_model, (*at, "options"))
    if channel is None or options is None:
        return None
    return channel.model_copy(update={"options": options, "secrets": secrets})


def _own_site(page: Page, at: Path) -> OwnSite | None:
    if page.at((*at, "own_site")) is None:
        return None
    return page.record(OwnSite, (*at, "own_site"), given={"channel": page.text((*at, "id")) or ""})


def _partner(page: Page, at: Path, source: Source) -> Partner | None:
    partner = page.record(Partner, at, apart={"webhook": Webhook.model_fields})
    webhook = _webhook(page, (*at, "webhook"), source) if "webhook" in page.table(at) else None
    return partner and partner.model_copy(update={"webhook": webhook})


def _webhook(page: Page, at: Path, source: Source) -> Webhook | None:
    if not page.is_table(at):
        return None
    apart = dict.fromkeys(_WEBHOOK_SECRETS, ("env", "file"))
    webhook = page.record(Webhook, at, apart=apart)
    url = page.text((*at, "url"))
    if url is not None and not push.is_address(url):
        what = "is no address that can be posted to"
        page.fault((*at, "url"), what, "write it whole, without a user name: https://…")
    secrets = {
        name: _signing(page, (*at, name), source)
        for name in _WEBHOOK_SECRETS
        if name in page.table(at)
    }
    if "secret" not in secrets:
        page.fault((*at, "secret"), "is missing", f"add secret = {_REFERENCE}")
    return webhook and webhook.model_copy(update=secrets)


def _signing(page: Page, at: Path, source: Source) -> str:
    """Follow a reference to a secret that signs, and see that it can."""
    secret = _secret(page, at, source)
    if not secret:
        return ""
    try:
        webhooks.key(secret)
    except ValueError as error:
        remedy = "make one: `openssl rand -base64 32`, with whsec_ before what it prints"
        page.fault(at, f"what it refers to {error}", remedy)
    return secret


def _report(page: Page, at: Path, source: Source) -> ReportPull | None:
    report = page.record(ReportPull, at, apart={"secret": ("env", "file")})
    secret = _secret(page, (*at, "secret"), source) if "secret" in page.table(at) else None
    return report and report.model_copy(update={"secret": secret})


def _secrets(page: Page, at: Path, source: Source, declared: Collection[str]) -> dict[str, str]:
    """Follow each reference in a table of secrets; those that are `declared` must be there."""
    if not page.is_table(at):
        return {}
    written = page.table(at)
    for name in declared:
        if name not in written:
            # Others may stand there too: a kind declares only what it cannot do without.
            meant = difflib.get_close_matches(name, sorted(written.keys() - set(declared)), n=1)
            remedy = f"rename `{meant[0]}`" if meant else f"add {name} = {_REFERENCE}"
            page.fault((*at, name), "is missing", remedy)
    return {name: _secret(page, (*at, name), source) for name in written}


def _secret(page: Page, at: Path, source: Source) -> str:
    """Follow a reference to a secret; no fault says what the secret is."""
    reference = page.at(at)
    if isinstance(reference, str):
        remedy = f"write {_REFERENCE}, and change the secret: it has been seen"
        page.fault(at, "a secret stands here in clear text", remedy)
        return ""
    match reference:
        case {"env": str(name)} if len(reference) == 1:
            secret = source.environ.get(name)
            # What is not written like a variable may be the secret itself.
            what = f"the variable {name}" if _VARIABLE.fullmatch(name) else "the variable"
            remedy = "set it, or correct its name"
        case {"file": str(name)} if len(reference) == 1:
            secret, what = source.secret_files.get(name), f"the file {name}"
            remedy = "check that it is there, and may be read"
        case _:
            page.fault(at, "is no reference to a secret", f"write {_REFERENCE}")
            return ""
    if secret is None:
        page.fault(at, f"{what} cannot be read", remedy)
    elif not secret.strip():
        page.fault(at, f"{what} is empty", "put the secret there")
    return (secret or "").strip()
