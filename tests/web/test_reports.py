import json
from datetime import datetime
from hashlib import sha256

import pytest

from schemas.config import OwnSite
from schemas.errors import StoreBusyError, UnfitError
from store.database import Engine
from tests import make
from tests.web.rig import Report, Rig
from web import reports

JSON = {"content-type": "application/json"}
PATH = "/reports/nhs"
METHODS = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")


def test_a_report_is_taken_in_as_it_came(rig: Rig) -> None:
    payload = b'{"svr": "1.0"}'
    reply = rig.ask(PATH, rig.issue("nhs", "report"), method="POST", headers=JSON, body=payload)
    assert reply.status == 202
    expected = {"id": 1, "sha256": sha256(payload).hexdigest(), "status": "received"}
    assert json.loads(reply.body) == expected
    assert rig.reports == [("nhs", "report", payload, "application/json")]


def test_the_same_report_twice_is_a_duplicate(rig: Rig) -> None:
    token = rig.issue("nhs", "report")
    said = [
        json.loads(rig.ask(PATH, token, method="POST", headers=JSON, body=b"{}").body)["status"]
        for _ in range(2)
    ]
    assert said == ["received", "duplicate"]


@pytest.mark.parametrize(
    "media_type", ["Text/CSV; charset=utf-8; header=present", "application/x-ndjson"]
)
def test_a_report_may_come_in_pieces_and_in_any_of_the_forms(rig: Rig, media_type: str) -> None:
    token = rig.issue("nhs", "report")
    headers = {"content-type": media_type, "content-encoding": "identity"}
    pieces = [b"item,", b"", b"count\n"]
    assert rig.ask(PATH, token, method="POST", headers=headers, body=pieces).status == 202
    assert rig.reports[0][2:] == (b"item,count\n", media_type.partition(";")[0].lower())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/html"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {"content-type": "\xff"},
    ],
)
def test_other_forms_are_refused_and_the_right_ones_named(
    rig: Rig, headers: dict[str, str]
) -> None:
    token = rig.issue("nhs", "report")
    reply = rig.ask(PATH, token, method="POST", headers=headers, body=b"{}")
    assert reply.status == 415
    assert "text/csv" in reply["accept"]


def test_a_report_that_says_it_is_too_large_is_not_read(rig: Rig) -> None:
    token = rig.issue("nhs", "report")
    headers = JSON | {"content-length": str(reports.LONGEST_BYTES + 1)}
    reply = rig.ask(PATH, token, method="POST", headers=headers, body=[])
    assert (reply.status, reply["connection"]) == (413, "close")


def test_a_report_is_not_read_further_than_is_allowed(rig: Rig) -> None:
    token = rig.issue("nhs", "report")
    half = b" " * (reports.LONGEST_BYTES // 2 + 1)
    pieces = [half, half, b"never read"]
    assert rig.ask(PATH, token, method="POST", headers=JSON, body=pieces).status == 413
    largest = [b" " * reports.LONGEST_BYTES]
    assert rig.ask(PATH, token, method="POST", headers=JSON, body=largest).status == 202


def test_an_empty_request_is_no_report_nor_is_one_that_breaks_off(rig: Rig) -> None:
    token = rig.issue("nhs", "report")
    assert rig.ask(PATH, token, method="POST", headers=JSON).status == 400
    assert rig.ask(PATH, token, method="POST", headers=JSON, body=[]).status == 400
    assert rig.reports == []


def test_without_a_report_token_every_address_and_method_answers_alike(rig: Rig) -> None:
    replies = {
        (reply.status, tuple(reply.headers), reply.body)
        for token in (None, "nonsense", rig.issue("nhs"))
        for path in (PATH, "/reports", "/reports/", "/reports/nobody", "/reports/bbc")
        for method in ("POST", *METHODS)
        if method != "HEAD"
        for reply in [rig.ask(path, token, method=method, headers=JSON, body=b"{}")]
    }
    assert [status for status, _, _ in replies] == [401]


def test_with_a_token_all_that_is_not_the_platforms_own_answers_alike(rig: Rig) -> None:
    token = rig.issue("nhs", "report")
    replies = {
        (reply.status, tuple(reply.headers), reply.body)
        for path in ("/reports/bbc", "/reports/nobody", "/reports", "/reports/", "/reports/nhs/x")
        for reply in [rig.ask(path, token, method="POST", headers=JSON, body=b"{}")]
    }
    assert [status for status, _, _ in replies] == [404]
    for method in METHODS:
        assert rig.ask("/reports/bbc", token, method=method)["allow"] == "POST"


def test_how_reads_were_counted_is_the_counter_of_record_or_what_the_report_names(
    rig: Rig,
) -> None:
    counters = ("beacon", "log", "analytics")
    partner = rig.config.partners[0].model_copy(update={"counters": counters})
    rig.config = rig.config.model_copy(
        update={
            "partners": (partner,),
            "channels": (make.channel(id="opinion"),),
            "own_sites": (OwnSite(channel="opinion"),),
        }
    )
    token, own = rig.issue("nhs", "report"), rig.issue("opinion", "report")
    asks = ((PATH, token), (f"{PATH}?method=analytics", token), ("/reports/opinion", own))
    for path, holder in asks:
        assert rig.ask(path, holder, method="POST", headers=JSON, body=b"{}").status == 202
    assert [report[1] for report in rig.reports] == ["log", "analytics", "own_site"]
    for method in ("beacon", "report", "%00"):
        path = f"{PATH}?method={method}"
        assert rig.ask(path, token, method="POST", headers=JSON, body=b"{}").status == 404


def test_a_partner_whose_reads_only_the_beacon_counts_sends_no_reports(rig: Rig) -> None:
    partner = rig.config.partners[0].model_copy(update={"counters": ("beacon",)})
    rig.config = rig.config.model_copy(update={"partners": (partner,)})
    token = rig.issue("nhs", "report")
    assert rig.ask(PATH, token, method="POST", headers=JSON, body=b"{}").status == 404


class Refusing(Rig):
    """An installation that takes no report."""

    def receive(
        self, _: Engine, platform: str, method: str, payload: bytes, media_type: str, __: datetime
    ) -> Report:
        if payload == b"busy":
            raise StoreBusyError("somebody else is writing")
        raise UnfitError("no_period", f"{media_type} of {platform} by {method} names no period")


def test_a_report_that_is_not_safe_is_not_accepted(rig: Rig) -> None:
    refusing = Refusing(rig.engine)
    token = refusing.issue("nhs", "report")
    busy, unfit = (
        refusing.ask(PATH, token, method="POST", headers=JSON, body=body)
        for body in (b"busy", b"{}")
    )
    refusing.runner.close()
    assert busy.status == 503
    assert unfit.status == 422
    assert "names no period" in json.loads(unfit.body)["detail"]
