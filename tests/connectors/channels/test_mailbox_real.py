"""A mailbox is read from an IMAP server that somebody else wrote, and a person's mail is in it."""

import imaplib
import itertools
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from connectors._mailbox_page import Letter
from connectors._mailbox_page import read as letters
from connectors.channels import mailbox
from kit.stages.mailbox import name as story_name
from kit.trial import LIMITS, Trial, open_trial
from kit.world import Piece, World
from schemas.channel import Saved
from schemas.errors import OutsideError, RefusedError
from tests.connectors import hostile
from tests.flows import house
from tests.patience import PATIENCE_S

USER, PASSWORD = "feedback@trust.example", 'a "word" of\\ours'
PATIENT = LIMITS.model_copy(
    update={"read_timeout_s": 20.0, "deadline_s": 30.0, "allow": ("127.0.0.1", "localhost")}
)
"""It takes its time over a password, as it should."""
RUN = "from pymap.main import main; main()"
_numbers = itertools.count(1)


class Post:
    """The server, and a person's way into it."""

    def __init__(self, port: int, person: imaplib.IMAP4) -> None:
        self.port, self.person = port, person

    def put(self, folder: str, *mails: bytes, flags: str = "") -> None:
        for raw in mails:
            assert self.person.append(folder, flags, "", raw)[0] == "OK"

    def make(self, folder: str) -> None:
        assert self.person.create(folder)[0] == "OK"

    def delete(self, folder: str) -> None:
        assert self.person.delete(folder)[0] == "OK"

    def expunge(self, folder: str, uid: int) -> None:
        self.person.select(folder)
        self.person.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
        assert self.person.expunge() == ("OK", [b"2"])

    def flags(self, folder: str) -> list[Any]:
        self.person.select(folder, readonly=True)
        return self.person.fetch("1:*", "(FLAGS)")[1]


class Real:
    """A stage that shows a folder of the server."""

    SECRETS: Mapping[str, str] = {"password": PASSWORD}
    BYPASS: Mapping[str, str] = {}

    def __init__(self, port: int, folder: str) -> None:
        self.port, self.folder = port, folder

    def options(self, _: str) -> Mapping[str, Any]:
        told = {"host": "127.0.0.1", "port": self.port, "tls": "none"}
        return told | {"user": USER, "folder": self.folder}

    def name(self, piece: Piece) -> str:
        return story_name(piece)

    @contextmanager
    def serve(self, _world: World) -> Iterator[str]:
        yield ""


@contextmanager
def running(*told: str, vouched: Path | None = None) -> Iterator[Post]:
    """Run the server on a free port of loopback, and let a person in."""
    port = house.free_port()
    command = [sys.executable, "-c", RUN, "--host", "127.0.0.1", "--port", str(port), *told]
    command += ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            with reached(process, port) as person:
                if vouched:
                    person.starttls(ssl.create_default_context(cafile=vouched))
                person.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
                yield Post(port, person)
        finally:
            process.terminate()


def reached(process: subprocess.Popen[bytes], port: int) -> imaplib.IMAP4:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError):
            return imaplib.IMAP4("localhost", port, timeout=PATIENCE_S)
        time.sleep(0.05)
    raise AssertionError(f"it does not run: {process.poll()}")


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with running("--no-tls") as served:
        yield served


@pytest.fixture
def folder(post: Post) -> str:
    made = f"Feedback.{next(_numbers)}"
    post.make(made)
    return made


@pytest.fixture
def trial(tmp_path: Path, post: Post, folder: str) -> Iterator[Trial]:
    with open_trial("mailbox", tmp_path, played=Real(post.port, folder)) as opened:
        yield opened


def mail(number: int, text: str = "The nurse was kind.", **head: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ash Example <ash@home.example>"
    message["Subject"] = f"Ward {number}"
    message["Date"] = "Sat, 28 Mar 2026 22:30:00 +0000"
    message["Message-ID"] = f"<{number}.ash@home.example>"
    for field, value in head.items():
        message[field.replace("_", "-")] = value
    message.set_content(text)
    return message


def mails(*numbers: int) -> Sequence[bytes]:
    return [mail(number).as_bytes() for number in numbers]


def fault(trial: Trial) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        trial.ingest(PATIENT)
    assert PASSWORD not in str(caught.value)
    return caught.value


def uids(trial: Trial) -> list[int]:
    return [letter.uid for page in trial.fetch(limits=PATIENT) for letter in letters(page.payload)]


def body(trial: Trial) -> str:
    assert trial.ingest(PATIENT) == Saved(new=1)
    (kept,) = trial.kept().values()
    return " ".join(kept.story.body_text.split())


def test_the_first_run_takes_all_the_second_nothing_and_the_third_what_came(
    trial: Trial, post: Post, folder: str
) -> None:
    post.put(folder, *mails(1, 2, 3))
    assert trial.ingest(PATIENT) == Saved(new=3)
    assert trial.ingest(PATIENT) == Saved()
    post.put(folder, *mails(4))
    assert trial.ingest(PATIENT) == Saved(new=1)
    assert {kept.story.title for kept in trial.kept().values()} == {
        f"Ward {n}" for n in range(1, 5)
    }


def test_an_empty_folder_is_no_fault(trial: Trial) -> None:
    assert trial.ingest(PATIENT) == Saved()


def test_messages_come_byte_for_byte(trial: Trial, post: Post, folder: str) -> None:
    raws = [*mails(1, 2), b"Subject: odd\r\n\r\nCaf\xe9 {9}\r\n* 1 FETCH (UID 7)\r\n\x01"]
    post.put(folder, *raws)
    (page,) = trial.fetch(limits=PATIENT)
    assert [letter.raw for letter in letters(page.payload)] == raws


def test_nothing_is_marked_as_read(trial: Trial, post: Post, folder: str) -> None:
    post.put(folder, *mails(1, 2))
    assert trial.ingest(PATIENT).new == 2
    told = post.flags(folder)
    assert len(told) == 2
    assert "Seen" not in str(told)


def test_a_page_at_a_time_is_read_and_a_later_run_goes_on_behind_it(
    trial: Trial, post: Post, folder: str
) -> None:
    post.put(folder, *mails(1, 2, 3))
    trial.more = {"page_size": 1}
    first, *rest = trial.fetch(limits=PATIENT)
    assert len(rest) == 2
    later = trial.fetch(first.cursor, limits=PATIENT)
    assert [page.payload for page in later] == [page.payload for page in rest]


def test_a_wrong_password_is_refused_and_says_what_to_check(trial: Trial) -> None:
    trial.secrets = {"password": "wrong"}
    found = fault(trial)
    assert isinstance(found, RefusedError)
    assert "`password`" in found.reason


def test_a_folder_that_is_not_there_is_named(trial: Trial) -> None:
    trial.more = {"folder": "Rückmeldung"}
    found = fault(trial)
    assert isinstance(found, RefusedError)
    assert "'Rückmeldung'" in found.reason
    assert "`folder`" in found.reason


def test_a_folder_with_a_foreign_name_is_found(trial: Trial, post: Post) -> None:
    post.make("R&APw-ckmeldung")
    post.put("R&APw-ckmeldung", *mails(1))
    trial.more = {"folder": "Rückmeldung"}
    assert trial.ingest(PATIENT) == Saved(new=1)


def test_a_folder_that_was_made_anew_is_read_again_and_nothing_doubles(
    trial: Trial, post: Post, folder: str
) -> None:
    post.put(folder, *mails(1, 2, 3))
    assert trial.ingest(PATIENT) == Saved(new=3)
    post.delete(folder)
    post.make(folder)
    post.put(folder, *mails(2, 3, 4, 1))
    assert trial.ingest(PATIENT) == Saved(new=1, unchanged=3)
    assert len(trial.kept()) == 4


def test_what_is_deleted_or_a_draft_is_not_read(trial: Trial, post: Post, folder: str) -> None:
    post.put(folder, *mails(1), flags="(\\Deleted)")
    post.put(folder, *mails(2), flags="(\\Draft)")
    post.put(folder, *mails(3), flags="(\\Seen)")
    assert trial.ingest(PATIENT) == Saved(new=1)
    assert [kept.story.title for kept in trial.kept().values()] == ["Ward 3"]


def test_what_is_expunged_while_the_folder_is_read_hides_no_other_message(
    trial: Trial, post: Post, folder: str
) -> None:
    post.put(folder, *mails(1, 2, 3))
    first, second, third = uids(trial)
    trial.more = {"page_size": 1}
    with trial.http(PATIENT) as http:
        pages = mailbox.fetch(trial.channel, http, None)
        read = letters(next(pages).payload)
        post.expunge(folder, second)
        read += [letter for page in pages for letter in letters(page.payload)]
    # Whether who has the folder open is still given what is gone is the affair of the server.
    assert [letter.uid for letter in read if letter.uid != second] == [first, third]
    assert {letter.part for letter in read} == {"message"}


def test_of_a_message_that_is_too_large_the_head_waits(
    trial: Trial, post: Post, folder: str
) -> None:
    huge = mail(1, "Kind. " * 1_000).as_bytes()
    post.put(folder, huge, *mails(2))
    trial.more = {"largest_bytes": 2_000}
    assert trial.ingest(PATIENT) == Saved(new=1, quarantined=1)
    (page, *_) = trial.fetch(limits=PATIENT)
    assert letters(page.payload)[0] == Letter(
        letters(page.payload)[0].uid, huge.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "head"
    )
    assert trial.refused()[0].code == "too_large"


def test_a_message_in_html_alone_is_read(trial: Trial, post: Post, folder: str) -> None:
    message = mail(1)
    message.set_content("<p>The <b>café</b> was warm.</p>", subtype="html")
    post.put(folder, message.as_bytes())
    assert body(trial) == "The café was warm."


def test_of_two_ways_of_saying_it_one_is_read(trial: Trial, post: Post, folder: str) -> None:
    message = mail(1, "Plainly kind.")
    message.add_alternative("<p>Richly kind.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="ash.pdf")
    post.put(folder, message.as_bytes())
    assert body(trial) == "Plainly kind."


def test_a_message_that_is_all_attachment_waits_with_its_reason(
    trial: Trial, post: Post, folder: str
) -> None:
    message = mail(1)
    message.clear_content()
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="ash.pdf")
    post.put(folder, message.as_bytes(), *mails(2))
    assert trial.ingest(PATIENT) == Saved(new=1, quarantined=1)
    (waits,) = trial.refused()
    assert waits.code == "no_text"
    assert "attachments" in waits.reason


def test_a_reply_loses_what_it_answers(trial: Trial, post: Post, folder: str) -> None:
    text = "Very kind.\n\nOn Sat, 28 Mar 2026, Ward <ward@trust.example> wrote:\n> How was it?\n"
    post.put(folder, mail(1, text, In_Reply_To="<0@trust.example>").as_bytes())
    assert body(trial) == "Very kind."


def test_an_automatic_reply_is_skipped(trial: Trial, post: Post, folder: str) -> None:
    post.put(folder, mail(1, Auto_Submitted="auto-replied").as_bytes())
    assert trial.ingest(PATIENT) == Saved(skipped=1)


@pytest.mark.parametrize("is_vouched_for", [True, False], ids=["vouched-for", "unknown"])
def test_starttls_opens_the_way_where_somebody_vouches_for_the_server(
    tmp_path: Path, *, is_vouched_for: bool
) -> None:
    path = hostile.identity(tmp_path, "localhost").path
    limits = PATIENT.model_copy(update={"ca_bundle": path if is_vouched_for else None})
    with (
        running("--cert", str(path), vouched=path) as post,
        open_trial("mailbox", tmp_path / "ours", played=Real(post.port, "INBOX")) as trial,
    ):
        post.put("INBOX", *mails(1))
        trial.more = {"host": "localhost", "tls": "starttls"}
        if is_vouched_for:
            assert trial.ingest(limits) == Saved(new=1)
            return
        with pytest.raises(RefusedError, match="certificate"):
            trial.ingest(limits)
