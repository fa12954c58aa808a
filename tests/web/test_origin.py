"""Whose forms are taken: by what browsers and programs say of where they were posted from."""

from base64 import b64encode

import pytest

from tests.web.rig import PUBLIC_URL, Rig
from web import origin


@pytest.mark.parametrize(
    ("site", "stated", "ours"),
    [
        pytest.param(None, None, True, id="a program that is no browser"),
        pytest.param("same-origin", None, True, id="a browser that names no origin"),
        pytest.param("same-origin", PUBLIC_URL, True, id="our own page"),
        pytest.param("same-origin", "null", True, id="our own page under no-referrer"),
        pytest.param(None, PUBLIC_URL, True, id="an old browser on our page"),
        pytest.param(None, PUBLIC_URL.upper(), True, id="an origin in capitals"),
        pytest.param("cross-site", "https://evil.example", False, id="another site"),
        pytest.param("cross-site", "null", False, id="another site that hides"),
        pytest.param("cross-site", None, False, id="another site that names no origin"),
        pytest.param("same-site", "https://other.retold.example", False, id="a sister site"),
        pytest.param("none", None, False, id="nobody's page"),
        pytest.param(None, "null", False, id="an old browser that hides"),
        pytest.param(None, "https://evil.example", False, id="an old browser elsewhere"),
        pytest.param(None, "http://retold.example", False, id="our host without TLS"),
        pytest.param(None, f"{PUBLIC_URL}:8443", False, id="another port"),
        pytest.param(None, f"{PUBLIC_URL}.evil.example", False, id="a longer host"),
        pytest.param(None, "", False, id="an empty origin"),
        pytest.param("same-origin", "https://evil.example", False, id="two that disagree"),
        pytest.param("same-origin, cross-site", PUBLIC_URL, False, id="two words of a site"),
    ],
)
def test_only_our_own_pages_and_programs_may_post(
    site: str | None, stated: str | None, *, ours: bool
) -> None:
    said = {b"sec-fetch-site": site, b"origin": stated}
    headers = {name: value.encode() for name, value in said.items() if value is not None}
    assert origin.is_ours(headers, PUBLIC_URL) is ours
    assert origin.is_ours(headers, f"{PUBLIC_URL}/below") is ours


@pytest.mark.parametrize(
    ("path", "use", "media_type"),
    [
        ("/hub", "feed", "application/x-www-form-urlencoded"),
        ("/removals/nhs/all", "feed", "text/plain"),
        ("/reports/nhs", "report", "text/csv"),
        ("/partners/nhs", "feed", "application/x-www-form-urlencoded"),
    ],
)
def test_another_site_makes_no_browser_post_what_its_person_may(
    rig: Rig, path: str, use: str, media_type: str
) -> None:
    """A browser that opened a page by Basic sends the token along wherever it is sent."""
    basic = b64encode(f"nhs:{rig.issue('nhs', use)}".encode()).decode()
    program = {"authorization": f"Basic {basic}", "content-type": media_type}
    browser = program | {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    said = rig.ask(path, method="POST", headers=browser, body=b"x")
    assert (said.status, b"our own pages" in said.body) == (403, True)
    assert rig.ask(path, method="POST", headers=program, body=b"x").status != 403
    assert rig.ask(path, method="POST", headers=browser | {"authorization": ""}).status == 401
