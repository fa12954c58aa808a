"""A mailbox is read over IMAP to its last message, and nothing in it is touched."""

import itertools
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from connectors import _http, _mailbox_page
from connectors._mailbox_page import Letter
from connectors.channels import mailbox
from kit import run
from kit.stages import mailbox as stage
from kit.stages.mailbox import Box, Mail
from kit.trial import Trial, open_trial
from kit.world import Piece, World
from schemas.channel import Channel, Faulty, Fetched, Parsed, Saved
from schemas.errors import (
    ForbiddenAddressError,
    GarbledError,
    OutsideError,
    RefusedError,
    UnreachableError,
)
from schemas.story import BodyFormat, Draft
from tests.connectors import hostile
from tests.patience import PATIENCE_S

PASSWORD = stage.SECRETS["password"]


def mail(uid: int, text: str = "The nurse was kind.", **head: str) -> Mail:
    lines = [f"Message-ID: <{uid}@mail.example>", "Date: Sat, 28 Mar 2026 22:30:00 +0000"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in head.items()]
    return Mail(uid, "\r\n".join([*lines, "", text]).encode())


def holding(*mails: Mail, **told: Any) -> Box:
    return Box(lambda: mails, **told)


def fetch(box: Box, *, cursor: str | None = None, **more: Any) -> list[Fetched]:
    """Read a box that is served; what begins with a limit's name is one."""
    known = _http.Limits.model_fields.keys()
    patient = {"read_timeout_s": PATIENCE_S, "deadline_s": PATIENCE_S}
    limits = patient | {k: more[k] for k in more.keys() & known}
    told = {k: more[k] for k in more.keys() - known - {"password"}}
    with stage.served(box) as place:
        options = dict(stage.options(place)) | told
        allow = (f"{options['host']}:{options['port']}",)
        about = channel(more.get("password", PASSWORD), **options)
        with _http.open_http(_http.Limits.model_validate({"allow": allow} | limits)) as http:
            return list(mailbox.fetch(about, http, cursor))


def fault(box: Box, **more: Any) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        fetch(box, **more)
    assert caught.value.who == "post"
    assert PASSWORD not in str(caught.value)
    return caught.value


def channel(password: str = PASSWORD, **options: Any) -> Channel:
    told = {"host": "imap.example", "user": "feedback"} | options
    return Channel(
        id="post",
        kind="mailbox",
        options=mailbox.Opts.model_validate(told),
        secrets={"password": password},
    )


def parse(*pages: Fetched, **options: Any) -> Parsed:
    found = [mailbox.parse(channel(**options), page) for page in pages]
    return Parsed(
        drafts=tuple(d for parsed in found for d in parsed.drafts),
        faulty=tuple(f for parsed in found for f in parsed.faulty),
        skipped=tuple(s for parsed in found for s in parsed.skipped),
    )


def read(raw: bytes, **options: Any) -> Parsed:
    payload = _mailbox_page.write([Letter(1, raw)])
    return parse(Fetched(payload=payload, media_type=_mailbox_page.MEDIA_TYPE), **options)


def drafted(raw: bytes, **options: Any) -> Draft:
    (draft,) = read(raw, **options).drafts
    return draft


def faulty(raw: bytes) -> Faulty:
    (found,) = read(raw).faulty
    return found


class Played:
    """A stage that shows a box of our own."""

    SECRETS: Mapping[str, str] = stage.SECRETS
    BYPASS: Mapping[str, str] = stage.BYPASS

    def __init__(self, box: Box) -> None:
        self.box = box

    def options(self, place: str) -> Mapping[str, Any]:
        return stage.options(place)

    def name(self, piece: Piece) -> str:
        return stage.name(piece)

    def serve(self, _world: World) -> AbstractContextManager[str]:
        return stage.served(self.box)


@pytest.fixture
def box() -> Box:
    return holding(mail(3), mail(8), mail(9))


@pytest.fixture
def trial(tmp_path: Path, box: Box) -> Iterator[Trial]:
    with open_trial("mailbox", tmp_path, played=Played(box)) as opened:
        yield opened


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> hostile.Identity:
    return hostile.identity(tmp_path_factory.mktemp("tls"), "localhost")


def test_it_keeps_what_the_contract_promises() -> None:
    outcomes = list(run.run("mailbox"))
    assert [outcome for outcome in outcomes if outcome.verdict == run.FAILED] == []
    assert any(outcome.verdict == run.PASSED for outcome in outcomes)


def test_what_was_read_is_not_asked_for_again(box: Box) -> None:
    *_, last = fetch(box)
    box.asked.clear()
    assert fetch(box, cursor=last.cursor) == []
    assert [line for line in box.asked if "BODY" in line] == []
    assert "UID FETCH 10:* (UID FLAGS RFC822.SIZE)" in box.asked


def test_a_run_that_was_cut_off_goes_on_behind_the_page_that_was_kept(box: Box) -> None:
    first, *_ = fetch(box, page_size=1)
    later = fetch(box, page_size=1, cursor=first.cursor)
    read_once = [letter.uid for page in (first, *later) for letter in letters(page)]
    assert read_once == [3, 8, 9]


def letters(page: Fetched) -> list[Letter]:
    return _mailbox_page.read(page.payload)


def test_every_message_is_kept_byte_for_byte(box: Box) -> None:
    (page,) = fetch(box)
    assert [letter.raw for letter in letters(page)] == [one.raw for one in box.mails()]
    assert page.records == 3


def test_nothing_is_marked_as_read(box: Box) -> None:
    fetch(box)
    assert box.seen == set()
    assert 'EXAMINE "INBOX"' in box.asked
    assert all(".PEEK" in line for line in box.asked if "BODY" in line)


def test_a_folder_that_was_renumbered_is_read_again_and_nothing_doubles(
    trial: Trial, box: Box
) -> None:
    assert trial.ingest().new == 3
    raws = [one.raw for one in box.mails()]
    box.mails = lambda: [Mail(uid, raw) for uid, raw in enumerate(raws, 1)] + [mail(4)]
    box.validity += 1
    assert trial.ingest() == Saved(new=1, unchanged=3)
    assert len(trial.kept()) == 4


def test_another_folder_of_the_same_number_is_read_from_its_beginning(box: Box) -> None:
    *_, last = fetch(box)
    assert last.cursor is not None
    moved = re.sub(r'"of":\d+', '"of":1', last.cursor)
    assert len(fetch(box, cursor=moved)) == 1


def test_what_is_deleted_or_a_draft_is_not_read() -> None:
    one, other, third = mail(1), mail(2), mail(3)
    marked = holding(one._replace(flags="\\Deleted"), other._replace(flags="\\Draft"), third)
    (page,) = fetch(marked)
    assert [letter.uid for letter in letters(page)] == [3]
    assert fetch(holding()) == []


def test_pages_hold_no_more_bytes_than_half_of_what_an_answer_may_have() -> None:
    many = holding(*(mail(uid, "x" * 20_000) for uid in range(1, 8)))
    pages = fetch(many, max_bytes=100_000)
    assert [len(letters(page)) for page in pages] == [2, 2, 2, 1]


def test_of_a_message_that_is_too_large_the_head_waits_and_the_rest_is_read() -> None:
    huge = mail(2, "x" * 50_000, Subject="Huge")
    (page,) = fetch(holding(mail(1), huge, mail(3)), largest_bytes=10_000)
    parsed = parse(page)
    assert len(parsed.drafts) == 2
    (waits,) = parsed.faulty
    whole = drafted(huge.raw)
    assert (waits.code, waits.external_id) == ("too_large", whole.external_id)
    assert b"Subject: Huge" in waits.payload
    assert b"xxx" not in waits.payload


REFUSED = "NO it cannot be opened"


@pytest.mark.parametrize("gives_heads", [True, False])
@pytest.mark.parametrize("instead", [REFUSED, ""], ids=["refused", "left-out"])
def test_a_message_that_is_there_and_not_given_waits_and_the_rest_goes_on(
    trial: Trial, box: Box, instead: str, *, gives_heads: bool
) -> None:
    box.bad, box.gives_heads = {8: instead}, gives_heads
    assert trial.ingest() == Saved(new=2, quarantined=1)
    (waits,) = trial.refused()
    assert waits.code == "unreadable"
    assert "the UID 8" in waits.reason
    named = drafted(box.mails()[1].raw).external_id
    assert waits.external_id == (named if gives_heads else None)
    assert trial.ingest() == Saved()


def test_what_is_said_of_a_message_that_is_not_given_can_be_replayed(box: Box) -> None:
    box.bad = {8: REFUSED}
    (found,) = parse(*fetch(box)).faulty
    again = Fetched(payload=found.payload, media_type=found.media_type)
    assert parse(again).faulty == (found,)


def test_a_message_that_alone_would_be_a_page_holds_nothing_up(box: Box) -> None:
    first, *_ = fetch(box, page_size=1)
    box.bad, box.gives_heads = {8: REFUSED}, False
    later = fetch(box, page_size=1, cursor=first.cursor)
    assert [letter.part for page in later for letter in letters(page)] == ["unread", "message"]


class Once(dict[int, str]):
    """What is refused the first time only."""

    def get(self, uid: int, *_: object) -> Any:
        return self.pop(uid, None)


@pytest.mark.parametrize("instead", [REFUSED, ""], ids=["refused", "left-out"])
def test_a_message_that_is_given_when_asked_again_is_read(box: Box, instead: str) -> None:
    box.bad = Once({8: instead})
    (page,) = fetch(box)
    assert [(letter.uid, letter.part) for letter in letters(page)] == [
        (uid, "message") for uid in (3, 8, 9)
    ]
    assert [line.split()[2] for line in box.asked if "BODY" in line] == ["3,8,9", "8"]


@pytest.mark.parametrize(
    ("looks", "asked"),
    [
        pytest.param(3, ["3,8,9"], id="before-it-is-asked-for"),
        pytest.param(6, ["3,8,9", "8"], id="before-it-is-asked-for-again"),
    ],
)
def test_a_message_that_goes_while_the_folder_is_read_is_passed_over(
    box: Box, looks: int, asked: list[str]
) -> None:
    before = box.mails()
    left = [one for one in before if one.uid != 8]
    told = itertools.chain([before] * looks, itertools.repeat(left))
    box.mails, box.bad = lambda: next(told), {8: ""}
    (page,) = fetch(box)
    assert [letter.uid for letter in letters(page)] == [3, 9]
    assert [line.split()[2] for line in box.asked if "BODY" in line] == asked


@pytest.mark.parametrize("instead", [REFUSED, ""], ids=["refused", "left-out"])
def test_a_server_that_gives_no_message_at_all_ails_and_is_not_insisted_on(
    box: Box, instead: str
) -> None:
    box.bad, box.gives_heads = dict.fromkeys((3, 8, 9), instead), False
    found = fault(box)
    assert isinstance(found, UnreachableError)
    assert "may later" in found.reason
    assert len([line for line in box.asked if "BODY" in line]) == 3


def test_a_message_that_is_refused_for_now_is_waited_for(box: Box) -> None:
    box.bad = {8: "NO [UNAVAILABLE] come back"}
    assert isinstance(fault(box), UnreachableError)


def test_a_wrong_password_says_what_to_check(box: Box) -> None:
    found = fault(box, password="wrong")
    assert type(found) is RefusedError
    assert "`password`" in found.reason
    assert "Invalid credentials" not in found.reason


@pytest.mark.parametrize("offers", ["IMAP4rev1", "IMAP4rev1 AUTH=PLAIN"])
def test_either_way_of_logging_in_is_spoken(box: Box, offers: str) -> None:
    box.offers = offers
    assert len(fetch(box)) == 1


def test_a_login_refused_for_now_may_pass_later(box: Box) -> None:
    box.answers["AUTHENTICATE"] = b"%s NO [UNAVAILABLE] come back\r\n"
    assert fault(box).transient


def test_a_password_with_a_line_break_is_never_sent(box: Box) -> None:
    assert "cannot be sent" in fault(box, password="a\r\nx DELETE INBOX").reason
    assert not [line for line in box.asked if line.startswith(("LOGIN", "AUTHENTICATE", "DELETE"))]


def test_a_server_that_takes_no_password_there_says_so(box: Box) -> None:
    box.offers = "IMAP4rev1 LOGINDISABLED"
    assert "`tls`" in fault(box).reason


def test_a_folder_that_is_not_there_is_named(box: Box) -> None:
    found = fault(box, folder="Rückmeldung & Lob")
    assert isinstance(found, RefusedError)
    assert "`folder`" in found.reason
    assert 'EXAMINE "R&APw-ckmeldung &- Lob"' in box.asked


def test_a_refused_connection_may_pass_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = fault(holding(), port=port)
    assert found.transient
    assert "no connection" in found.reason


@pytest.mark.parametrize(
    ("command", "told", "reason"),
    [
        ("EXAMINE", b"", "cut the connection"),
        ("EXAMINE", b"* BYE so long\r\n", "cut the connection"),
        ("UID", b"* 1 FETCH (UID 3", "cut the connection"),
        ("UID", b"%s NO not now\r\n", "may later"),
    ],
)
def test_a_connection_that_breaks_may_pass_later(
    box: Box, command: str, told: bytes, reason: str
) -> None:
    box.answers[command] = told
    found = fault(box)
    assert isinstance(found, UnreachableError)
    assert reason in found.reason


def test_a_server_that_falls_silent_is_left(box: Box) -> None:
    box.answers["UID"] = b"* 1 EXISTS\r\n"
    assert "fell silent" in fault(box, read_timeout_s=0.4).reason


def test_a_server_that_turns_everybody_away_may_be_well_later(box: Box) -> None:
    box.greeting = b"* BYE too many\r\n"
    assert isinstance(fault(box), UnreachableError)


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n", b"\x00\xff\r\n", b"* OK {9}\r\n" + b"\xff\r\n" * 9],
)
def test_what_speaks_no_imap_is_garbled(box: Box, greeting: bytes) -> None:
    box.greeting = greeting
    assert isinstance(fault(box), GarbledError)


@pytest.mark.parametrize(
    "told", [b"* 1 FETCH (UID 3 X {9999999999}\r\n", b"* 1 EXISTS\r\n" * 9_000]
)
def test_an_answer_without_end_is_not_read_to_its_end(box: Box, told: bytes) -> None:
    box.answers["UID"] = told
    assert "more than 100000 bytes" in fault(box, max_bytes=100_000).reason


def test_a_private_address_is_not_asked_unless_allowed(box: Box) -> None:
    found = fault(box, allow=())
    assert isinstance(found, ForbiddenAddressError)
    assert "allow =" in found.reason
    assert box.asked == []


def test_no_mail_goes_past_an_egress_proxy(box: Box) -> None:
    found = fault(box, egress_proxy="http://proxy.example:3128")
    assert isinstance(found, ForbiddenAddressError)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_only_a_certificate_that_somebody_vouches_for_opens_the_way(
    box: Box, identity: hostile.Identity, tls: str
) -> None:
    box.tls = identity.context()
    box.offers += " STARTTLS" if tls == "starttls" else ""
    assert len(fetch(box, host="localhost", tls=tls, ca_bundle=identity.path)) == 1
    found = fault(box, host="localhost", tls=tls)
    assert isinstance(found, RefusedError)
    assert "certificate" in found.reason


def test_tls_with_what_speaks_none_fails(box: Box) -> None:
    found = fault(box, tls="implicit")
    assert (found.transient, "`tls`" in found.reason) == (True, True)


def test_a_server_that_offers_no_tls_is_not_told_the_password(box: Box) -> None:
    assert "STARTTLS" in fault(box, tls="starttls").reason
    assert box.asked == ["CAPABILITY", "LOGOUT"]


def test_a_password_in_the_open_stays_on_this_machine() -> None:
    with pytest.raises(ValueError, match="in the open"):
        channel(host="imap.example", tls="none")
    assert channel(host="localhost", tls="none").secrets


def test_a_message_becomes_a_draft_without_its_sender() -> None:
    raw = (
        b"From: Ash Example <ash@home.example>\r\nSubject: =?iso-8859-1?Q?Caf=E9?= and\r\n care\r\n"
        b"Date: Sun, 29 Mar 2026 03:30:00 +0100 (BST)\r\nMessage-ID: <a@home.example>\r\n\r\nKind."
    )
    draft = drafted(raw, service="ods:RXX")
    assert (draft.title, draft.body, draft.kind) == ("Café and care", "Kind.", "message")
    assert draft.submitted_at == "Sun, 29 Mar 2026 03:30:00 +0100 (BST)"
    assert draft.services[0].organisation == "ods:RXX"
    assert "home.example" not in draft.model_dump_json()


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ('"Example, Ash" <ash@home.example>', "Example, Ash"),
        ("=?utf-8?B?w4VzaA==?= <ash@home.example>", "Åsh"),
        ('"ash@home.example" <ash@home.example>', None),
        ("ash@home.example", None),
    ],
)
def test_a_name_is_kept_only_where_that_was_chosen(sender: str, name: str | None) -> None:
    raw = f"From: {sender}\r\n\r\nKind.".encode()
    assert drafted(raw, keep_names=True).author.display_name == name
    assert drafted(raw).author.display_name is None


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("text/plain; charset=utf-8", "Café".encode()),
        ("text/plain; charset=iso-8859-1", b"Caf\xe9"),
        ("text/plain", "Café".encode()),
        ("text/plain; charset=x-unheard-of", "Café".encode()),
        ("text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", b"Caf=C3=A9"),
        ("text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", b"Q2Fmw6k="),
    ],
)
def test_a_text_is_read_in_its_own_letters(head: str, body: bytes) -> None:
    assert drafted(f"Content-Type: {head}\r\n\r\n".encode() + body).body == "Café"


def test_latin_1_means_what_those_who_name_it_write() -> None:
    raw = b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\x93Kind\x94"
    assert drafted(raw).body == "\u201cKind\u201d"


@pytest.mark.parametrize("charset", ["x-unheard-of", "utf-8", "unicode_escape", "base64"])
def test_letters_that_nobody_knows_are_not_guessed(charset: str) -> None:
    found = faulty(f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + b"Caf\xe9\\x")
    assert found.code == "bad_charset"


def parts(kind: str, *inner: str) -> bytes:
    told = "".join(f"--b\r\n{part}\r\n" for part in inner)
    return f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n{told}--b--\r\n".encode()


PLAIN = "Content-Type: text/plain\r\n\r\nPlain"
HTML = "Content-Type: text/html\r\n\r\n<p>Rich</p>"
FILE = "Content-Type: application/pdf; name=ash.pdf\r\n\r\nJVBERi0="
NOTE = "Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nAside"


@pytest.mark.parametrize(
    ("raw", "body", "form"),
    [
        (parts("alternative", HTML, PLAIN), "Plain", BodyFormat.TEXT),
        (parts("alternative", HTML), "<p>Rich</p>", BodyFormat.HTML),
        (parts("alternative", "\r\n \r\n", HTML), "<p>Rich</p>", BodyFormat.HTML),
        (parts("mixed", PLAIN, PLAIN), "Plain\n\nPlain", BodyFormat.TEXT),
        (parts("mixed", HTML, PLAIN), "<p>Rich</p>\n<p>Plain</p>", BodyFormat.HTML),
    ],
)
def test_of_several_parts_the_words_are_taken(raw: bytes, body: str, form: BodyFormat) -> None:
    draft = drafted(raw)
    assert (draft.body.strip(), draft.body_format) == (body, form)
    assert draft.ext == {}


def test_attachments_are_left_out_and_noted_without_their_names() -> None:
    draft = drafted(parts("mixed", PLAIN, FILE, NOTE))
    assert draft.body == "Plain"
    assert draft.ext == {"attachments_left_out": ["application/pdf", "text/plain"]}


def test_a_message_of_attachments_alone_waits_for_somebody_to_look() -> None:
    assert faulty(parts("mixed", FILE)).code == "no_text"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("Auto-Submitted: auto-replied (vacation)\r\n", "automatic"),
        ("Auto-Submitted: auto-replied; owner=a\r\n", "auto_reply"),
        ("Auto-Submitted: auto-generated\r\n", "auto_generated"),
        ("Precedence: auto_reply\r\n", "auto_reply"),
        ("Return-Path: <>\r\n", "bounce"),
        ("Content-Type: multipart/report; boundary=b\r\n", "bounce"),
    ],
)
def test_what_no_human_wrote_is_skipped_with_its_reason(head: str, code: str) -> None:
    (skipped,) = read(f"{head}\r\nI am away.".encode()).skipped
    assert skipped.code == code
    assert drafted(b"Auto-Submitted: no\r\n\r\nKind.").body == "Kind."


QUOTED = "On Sat, 28 Mar 2026 at 10:00,\nWard <ward@trust.example> wrote:\n> How was it?\n>\n> W"


@pytest.mark.parametrize(
    ("text", "body", "taken_off"),
    [
        (f"Kind.\n\n{QUOTED}", "Kind.", ["quote"]),
        ("Kind.\n-- \nAsh, 0113 496 0000", "Kind.", ["signature"]),
        (f"Kind.\n-- \nAsh\n\n{QUOTED}", "Kind.", ["quote", "signature"]),
        ("Kind.\n-----Original Message-----\nFrom: Ward\n\nHow?", "Kind.", ["quote"]),
        ("Kind.\n--\nAnd quick.", "Kind.\n--\nAnd quick.", None),
        ("> How was it?\nKind.", "> How was it?\nKind.", None),
        ("They wrote:\n> Go home", "They wrote:\n> Go home", None),
        (QUOTED, QUOTED, None),
    ],
)
def test_what_a_reply_carries_along_is_taken_off_and_said(
    text: str, body: str, taken_off: list[str] | None
) -> None:
    draft = drafted(b"\r\n" + text.encode())
    assert draft.body == body
    assert draft.ext.get("trimmed") == taken_off


def test_a_forwarded_message_stays_whole() -> None:
    assert "> How" in drafted(f"Subject: FW: a story\r\n\r\nSee:\n{QUOTED}".encode()).body


def test_a_reply_in_html_loses_what_is_marked_as_quoted() -> None:
    raw = b"Content-Type: text/html\r\n\r\n<p>Kind</p><blockquote type=cite>How?</blockquote>"
    draft = drafted(raw)
    assert "Kind" in draft.body
    assert "How" not in draft.body
    assert draft.ext == {"trimmed": ["quote"]}


def test_a_message_without_an_id_is_known_by_its_bytes() -> None:
    one, same, other = drafted(b"\r\nA"), drafted(b"\r\nA"), drafted(b"\r\nB")
    assert one.external_id == same.external_id != other.external_id


def test_a_message_that_cannot_be_taken_apart_is_faulty_and_can_be_replayed() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(2_000)
    )
    found = faulty(deep)
    assert found.code == "bad_message"
    again = mailbox.parse(channel(), Fetched(payload=found.payload, media_type=found.media_type))
    assert again.faulty == (found,)
