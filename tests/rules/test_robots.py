import subprocess
import sys

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import example, given
from hypothesis import strategies as st

from rules import robots
from rules.robots import Category

_MOZILLA = "Mozilla/5.0 "
_WEBKIT = " AppleWebKit/537.36 (KHTML, like Gecko) "

PEOPLE = {
    "chrome": _MOZILLA + "(Windows NT 10.0; Win64; x64)" + _WEBKIT + "Chrome/126.0 Safari/537.36",
    "edge": _MOZILLA + "(Windows NT 10.0)" + _WEBKIT + "Chrome/126.0 Safari/537.36 Edg/126.0",
    "firefox": _MOZILLA + "(X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
    "safari": _MOZILLA
    + "(Macintosh; Intel Mac OS X 10_15_7)"
    + _WEBKIT
    + "Version/17.5 Safari/605",
    "iphone": _MOZILLA + "(iPhone; CPU iPhone OS 17_5 like Mac OS X)" + _WEBKIT + "Mobile/15E148",
    "samsung": _MOZILLA + "(Linux; Android 14; SM-S918B)" + _WEBKIT + "SamsungBrowser/25.0",
    "explorer": "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; .NET CLR 3.5)",
    "facebook": _MOZILLA + "(iPhone)" + _WEBKIT + "[FBAN/FBIOS;FBAV/469.0;FBDV/iPhone14,5]",
    "facebook on android": _MOZILLA + "(Linux; Android 16; wv)" + _WEBKIT + "MetaIAB Facebook",
    "television": _MOZILLA + "(SMART-TV; Linux; Tizen 6.0)" + _WEBKIT + "TV Safari/537.36",
    "lynx": "Lynx/2.9.0dev.5 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.6.13",
    "cubot": _MOZILLA + "(Linux; Android 12; CUBOT X50)" + _WEBKIT + "Chrome/126.0 Mobile",
    "cubot with an underscore": _MOZILLA + "(Linux; Android 6.0; CUBOT_NOTE_S Build/MRA58K)",
}

MACHINES = [
    _MOZILLA + "AppleWebKit/537.36 (compatible; ChatGPT-User/1.0; +https://openai.com/bot)",
    _MOZILLA + "AppleWebKit/537.36 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
    _MOZILLA + "AppleWebKit/537.36 (compatible; Perplexity-User/1.0)",
    "DuckAssistBot/1.2; (+http://duckduckgo.com/duckassistbot.html)",
    "Cloudflare-AutoRAG",
    "Feedly/1.0 (+https://www.feedly.com/fetcher.html; 12 subscribers)",
    _MOZILLA + "(compatible; Miniflux/2.1.3; +https://miniflux.app)",
    "CommaFeed/4.4.1 (https://github.com/Athou/commafeed)",
    "NewsBlur Feed Fetcher - 4 subscribers",
    "SimplePie/1.8.0 (Feed Parser; https://simplepie.org; Allow like Gecko)",
    "NetNewsWire (RSS Reader; https://netnewswire.com/)",
]

ROBOTS = {
    "search engine": _MOZILLA + "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "a robot nobody listed": "StoryBot/0.1",
    "training": "meta-externalagent/1.1",
    "training too": "cohere-ai",
    "library": "python-requests/2.32",
    "link preview": "facebookexternalhit/1.1",
    "watch": "Prometheus/2.53",
    "a robot on a telephone": _MOZILLA + "(Linux; CUBOT X50) (compatible; bingbot/2.0)",
    "no agent": "",
    "a blank": "  ",
    "a dash": "-",
}


@pytest.mark.parametrize("agent", PEOPLE.values(), ids=PEOPLE.keys())
def test_a_person_is_a_person(agent: str) -> None:
    assert robots.category(agent) is Category.HUMAN
    assert not robots.is_robot(agent)


@pytest.mark.parametrize("agent", MACHINES)
def test_what_reads_for_a_person_is_a_machine(agent: str) -> None:
    assert robots.category(agent) is Category.MACHINE
    assert robots.is_robot(agent)


@pytest.mark.parametrize("agent", ROBOTS.values(), ids=ROBOTS.keys())
def test_a_robot_is_a_robot(agent: str) -> None:
    assert robots.category(agent) is Category.ROBOT
    assert robots.is_robot(agent)


def test_no_agent_that_the_lists_know_passes_for_a_person() -> None:
    known = [agent for crawler in CRAWLER_USER_AGENTS_DATA for agent in crawler["instances"]]
    passed = {agent for agent in known if robots.category(agent) is Category.HUMAN}
    assert all("MetaIAB Facebook" in agent for agent in passed)
    assert len(known) > 2000


@given(st.text(alphabet=st.characters(), max_size=80))
@example("caf\udce9")
def test_whatever_a_header_holds_has_a_category(agent: str) -> None:
    assert robots.category(agent) in Category


def test_what_stands_after_the_name_of_an_agent_changes_nothing() -> None:
    assert robots.category("a" * 600 + "Googlebot") is Category.HUMAN
    assert robots.category("Googlebot" + "a" * 600) is Category.ROBOT


def test_the_version_says_by_which_lists_was_decided() -> None:
    assert robots.VERSION.startswith("counter-robots 20")
    again = [sys.executable, "-c", "from rules import robots; print(robots.VERSION)"]
    told = subprocess.run(again, check=True, capture_output=True, text=True).stdout
    assert told.strip() == robots.VERSION
