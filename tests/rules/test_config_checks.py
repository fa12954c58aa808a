import pytest

from tests.rules._written import (
    AGREEMENT,
    CHANNEL,
    EDITION,
    FILE,
    PARTNER,
    POPULATION,
    REPORT,
    faults,
    read,
)


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        pytest.param(
            'name = "R"\nname "S"',
            "2: syntax: this is not TOML: Expected '=' after a key in a key/value pair "
            "(correct this line; https://toml.io shows how it is written)",
            id="not TOML",
        ),
        pytest.param(
            'name = "R"\n[http',
            "2: syntax: this is not TOML: Expected ']' at the end of a table declaration "
            "(at end of document) (correct this line; https://toml.io shows how it is written)",
            id="broken off",
        ),
        pytest.param(
            'nmae = "R"\n',
            "1: nmae: nothing is known by this name (did you mean `name`? there are: agreements, "
            "channels, editions, http, name, organisations, partners, populations, reports)",
            id="unknown key at the top",
        ),
        pytest.param(
            'allow = ["a"]\n',
            "1: allow: nothing is known by this name (it belongs into [http])",
            id="key of a table at the top",
        ),
        pytest.param(
            '[http]\norganisations = ["organisations.csv"]\n',
            "2: http.organisations: nothing is known by this name "
            "(move it above the first [table]: below one it belongs to that table)",
            id="key of the top in a table",
        ),
        pytest.param("name = 7\n", '1: name: must be text (write name = "…")', id="no text"),
        pytest.param(
            'organisations = "organisations.csv"\n',
            "1: organisations: must be a list (write organisations = […])",
            id="no list",
        ),
        pytest.param("http = 1\n", "1: http: must be a table (write [http], and its keys below)"),
        pytest.param(
            "[channels]\n",
            "1: channels: must be a list of tables (write [[channels]] above each of them)",
            id="one table where many stand",
        ),
        pytest.param(
            '[[channels]]\nid = "a"\n',
            "1: channels[0].kind: is missing (add `kind = …` to this table)",
            id="missing key",
        ),
        pytest.param(
            CHANNEL + 'pubisher = "x"\n',
            "4: channels[0].pubisher: nothing is known by this name (did you mean `publisher`? "
            "there are: every, expect_every, faulty_share, id, kind, language, options, own_site, "
            "publisher, rights, secrets)",
            id="unknown key",
        ),
        pytest.param(
            CHANNEL + 'licence = "CC0"\n',
            "4: channels[0].licence: nothing is known by this name (it belongs into "
            "[channels.rights])",
            id="key of a table within",
        ),
        pytest.param(
            CHANNEL + "zone = 'UTC'\n",
            "4: channels[0].zone: nothing is known by this name (it belongs into "
            "[channels.own_site])",
            id="key of its site",
        ),
        pytest.param(
            CHANNEL + 'channel = "a"\n',
            "4: channels[0].channel: nothing is known by this name (there are: every, "
            "expect_every, faulty_share, id, kind, language, options, own_site, publisher, "
            "rights, secrets)",
            id="key of no table",
        ),
        pytest.param(
            CHANNEL + "[channels.rights]\nmay_syndicate = 1\n",
            "5: channels[0].rights.may_syndicate: must be true or false "
            "(write may_syndicate = true)",
            id="a number for yes",
        ),
        pytest.param(
            CHANNEL + '[channels.rights]\nlicense = "CC0"\n',
            "5: channels[0].rights.license: nothing is known by this name (did you mean "
            "`licence`? there are: attribution_text, attribution_url, licence, may_syndicate, "
            "retention_days)",
            id="unknown key within",
        ),
        pytest.param(
            CHANNEL.replace('"a"', '"Über uns"'),
            "2: channels[0].id: is not fit for addresses and file names "
            "(use up to 63 of a-z, 0-9, `-` and `_`, a letter or a digit first)",
            id="id that fits no address",
        ),
        pytest.param(
            CHANNEL.replace("webfeed", "webfed"),
            "3: channels[0].kind: `webfed` is no kind of channel "
            "(did you mean `webfeed`? there are: careopinion, survey, webfeed)",
            id="unknown kind",
        ),
        pytest.param(
            CHANNEL + 'every = "1 hour"\n',
            "4: channels[0].every: `1 hour` is no length of time "
            "(write a number and a unit: 15m, 1h, 1d)",
            id="unreadable length of time",
        ),
        pytest.param(
            f"{CHANNEL}{CHANNEL}",
            "5: channels[1].id: `a` is taken already, on line 2 (give each an id of its own)",
            id="id twice",
        ),
        pytest.param(
            CHANNEL + 'own_site.zone = "Europe/Londn"\n',
            "4: channels[0].own_site.zone: `Europe/Londn` is no time zone "
            "(write a name of the IANA database: Europe/London)",
            id="unknown zone of a site",
        ),
        pytest.param(
            CHANNEL + 'own_site.channel = "b"\n',
            "4: channels[0].own_site.channel: nothing is known by this name "
            "(there are: report_lag_days, zone)",
            id="site of another channel",
        ),
        pytest.param(
            CHANNEL + "own_site = true\n",
            "4: channels[0].own_site: must be a table (write [channels.own_site], and its keys "
            "below)",
            id="site that is no table",
        ),
        pytest.param(
            CHANNEL.replace('"a"', '"p"') + "own_site = {}\n" + PARTNER,
            "4: channels[0].own_site: a partner is called `p` too: whose counts would these be? "
            "(give the channel or the partner another id)",
            id="site and partner of one name",
        ),
        pytest.param(
            PARTNER + 'zone = "../etc/passwd"\n',
            "4: partners[0].zone: `../etc/passwd` is no time zone "
            "(write a name of the IANA database: Europe/London)",
            id="unknown zone of a partner",
        ),
        pytest.param(
            PARTNER + 'counters = ["report", "becon"]\n',
            "4: partners[0].counters[1]: `becon` is no method of counting (did you mean `beacon`? "
            "there are: analytics, beacon, log, own_site, report)",
            id="unknown counter",
        ),
        pytest.param(
            PARTNER + 'counters = [\n  "report",\n  "report",\n]\n',
            "6: partners[0].counters[1]: `report` stands twice (name each method once)",
            id="counter twice",
        ),
        pytest.param(
            PARTNER + 'counters = "report"\n',
            "4: partners[0].counters: must be a list (write counters = […])",
            id="counters that are no list",
        ),
        pytest.param(
            PARTNER + AGREEMENT.replace('"p"', '"q"'),
            "6: agreements[0].partner: `q` is no partner (there are: p)",
            id="agreement with an unknown partner",
        ),
        pytest.param(
            AGREEMENT,
            "3: agreements[0].partner: `p` is no partner (there are none yet)",
            id="agreement without partners",
        ),
        pytest.param(
            PARTNER + AGREEMENT + 'formats = ["atom", "jsn"]\n',
            "7: agreements[0].formats[1]: `jsn` is no feed format "
            "(did you mean `json`? there are: activity, atom, google, json, jsonld, rss)",
            id="unknown format",
        ),
        pytest.param(
            PARTNER + AGREEMENT + "valid_from = 2020-02-01\nvalid_to = 2020-01-31\n",
            "8: agreements[0].valid_to: the last day 2020-01-31 is before the first, 2020-02-01 "
            "(correct one of the two days)",
            id="term that ends before it begins",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT.replace('"a"', '"b"')
            + "public = false\n"
            + AGREEMENT
            + "public = true\n",
            "11: agreements[1].public: the agreement `b` of `p` is not, so nothing is "
            "(write it in every agreement of a partner, or in none)",
            id="public beside one that is not",
        ),
        pytest.param(
            PARTNER + AGREEMENT + 'valid_from = "soon"\n',
            "7: agreements[0].valid_from: must be a day (write valid_from = 2026-10-31)",
            id="no day",
        ),
        pytest.param(
            PARTNER + AGREEMENT + "embargo_days = -1\n",
            "7: agreements[0].embargo_days: should be greater than or equal to 0 "
            "(correct `embargo_days`)",
            id="number out of range",
        ),
        pytest.param(
            PARTNER + AGREEMENT + 'regions = ["North"]\n',
            "7: agreements[0].regions: nothing is known by this name "
            "(it belongs into [agreements.scope])",
            id="scope outside its table",
        ),
        pytest.param(
            PARTNER + AGREEMENT + 'scope.kinds = ["story", "thank"]\n',
            "7: agreements[0].scope.kinds[1]: `thank` is not known here (did you mean `thanks`? "
            "there are: concern, message, post, review, story, suggestion, survey_comment, thanks)",
            id="unknown kind of story",
        ),
        pytest.param(
            PARTNER + EDITION,
            "4: editions[0]: no agreement lets `p` receive anything "
            '(write [[agreements]] with partner = "p", or take this edition out)',
            id="edition that nothing allows",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT
            + 'scope.kinds = ["story"]\n'
            + EDITION
            + 'scope = { kinds = ["thanks"] }\n',
            "12: editions[0].scope.kinds: no agreement of `p` allows any of these kinds "
            "(widen an agreement, or take this edition out; "
            "posts are in no scope that does not name them)",
            id="edition of what no agreement allows",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT
            + EDITION
            + 'site = { locale = "en-AU", region = "Australia" }\n'
            + EDITION.replace('"e"', '"f"')
            + 'site = { locale = "en-au", region = "the outback" }\n',
            "16: editions[1].site.locale: is no language with a region: "
            "write it like en-AU or en-GB-scotland (correct `locale`)",
            id="locale in small letters",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT
            + EDITION
            + 'site = { locale = "en-AU", region = "Australia" }\n'
            + EDITION.replace('"e"', '"f"')
            + 'site = { locale = "en-AU", region = "the outback" }\n',
            "16: editions[1].site.locale: `en-AU` is taken already, on line 11 "
            "(give each edition of a partner a region of its own)",
            id="two editions for one region",
        ),
        pytest.param(
            PARTNER + AGREEMENT + 'scope.kinds = ["post"]\n' + EDITION,
            "8: editions[0].scope.kinds: no agreement of `p` allows any of these kinds "
            "(widen an agreement, or take this edition out; "
            "posts are in no scope that does not name them)",
            id="edition that does not name the posts that alone are agreed",
        ),
        pytest.param(
            PARTNER + AGREEMENT + EDITION + 'scope.kinds = ["post"]\n',
            "11: editions[0].scope.kinds: no agreement of `p` allows any of these kinds "
            "(widen an agreement, or take this edition out; "
            "posts are in no scope that does not name them)",
            id="edition of posts that no agreement names",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT
            + 'scope.age_bands = ["18-34"]\n'
            + EDITION
            + 'scope = { age_bands = ["35-44"] }\n',
            "12: editions[0].scope.age_bands: no agreement of `p` allows any of these age bands "
            "(widen an agreement, or take this edition out)",
            id="edition of ages that no agreement allows",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT
            + "scope.rating_to = 3\n"
            + EDITION
            + "scope = { rating_from = 3.5 }\n",
            "12: editions[0].scope.rating_from: no agreement of `p` allows any of these ratings "
            "(widen an agreement, or take this edition out)",
            id="edition of better ratings than any agreement allows",
        ),
        pytest.param(
            PARTNER
            + AGREEMENT
            + "scope.rating_from = 3\n"
            + EDITION
            + "scope = { rating_to = 2.5 }\n",
            "12: editions[0].scope.rating_to: no agreement of `p` allows any of these ratings "
            "(widen an agreement, or take this edition out)",
            id="edition of worse ratings than any agreement allows",
        ),
        pytest.param(
            PARTNER + AGREEMENT + EDITION + "scope.rating_from = 4\nscope.rating_to = 2.5\n",
            "12: editions[0].scope.rating_to: the greatest rating 2.5 is below the least, 4 "
            "(correct one of the two ratings)",
            id="ratings the wrong way round",
        ),
        pytest.param(
            PARTNER + AGREEMENT + EDITION + "scope.rating_from = 10\n",
            "11: editions[0].scope.rating_from: should be less than or equal to 5 "
            "(correct `rating_from`)",
            id="more stars than there are",
        ),
        pytest.param(
            PARTNER + AGREEMENT + "scope.rating_to = nan\n",
            "7: agreements[0].scope.rating_to: should be a finite number (correct `rating_to`)",
            id="no number of stars",
        ),
        pytest.param(
            PARTNER + AGREEMENT + "scope.newest_days = 0\n",
            "7: agreements[0].scope.newest_days: should be greater than or equal to 1 "
            "(correct `newest_days`)",
            id="stories of no age",
        ),
        pytest.param(
            FILE
            + PARTNER
            + AGREEMENT
            + 'scope.populations = ["m"]\n'
            + POPULATION
            + 'organisations = ["ods:ZN1"]\n',
            "8: agreements[0].scope.populations[0]: `m` is no population (there are: n)",
            id="unknown population",
        ),
        pytest.param(
            PARTNER + AGREEMENT + EDITION + EDITION,
            "12: editions[1].id: `e` is taken already, on line 8 (give each an id of its own)",
            id="edition twice",
        ),
        pytest.param(
            PARTNER + AGREEMENT + EDITION + 'page_size = "50"\n',
            "11: editions[0].page_size: must be a whole number (write page_size = 50)",
            id="number in quotes",
        ),
        pytest.param(
            PARTNER + REPORT.replace('"p"', '"q"'),
            "5: reports[0].platform: nothing called `q` is counted (there are: p)",
            id="report of an unknown platform",
        ),
        pytest.param(
            CHANNEL + REPORT.replace('"p"', '"a"'),
            "5: reports[0].platform: nothing called `a` is counted "
            "(give the channel `a` a table [channels.own_site])",
            id="report of a channel without a site",
        ),
        pytest.param(
            CHANNEL + "own_site = {}\n" + REPORT.replace('"p"', '"a"'),
            "5: reports[0].method: `a` is not counted by `report` (there are: own_site)",
            id="report by another method",
        ),
        pytest.param(
            PARTNER + "counters = []\n" + REPORT,
            "5: reports[0].method: `p` is not counted by `report` (there are none yet)",
            id="report of what nobody counts",
        ),
        pytest.param(
            PARTNER + REPORT + 'method = "guess"\n',
            "8: reports[0].method: `guess` is not known here "
            "(there are: analytics, beacon, log, own_site, report)",
            id="unknown method",
        ),
        pytest.param(
            PARTNER + REPORT.replace("reads", "{year}/{month}"),
            "6: reports[0].url: nothing is known to put for {year} (write {month})",
            id="unknown placeholder",
        ),
        pytest.param(
            PARTNER + REPORT + "until = 2011-12-31\n",
            "8: reports[0].until: the last day 2011-12-31 is before the first, 2012-01-01 "
            "(correct one of the two days)",
            id="reports that end before they begin",
        ),
        pytest.param(
            PARTNER + REPORT + 'header = "Authorization"\n',
            "4: reports[0]: `header` and `secret` need each other (write both, or neither)",
            id="header without a secret",
        ),
        pytest.param(
            PARTNER + REPORT + 'secret.env = "CAREOPINION_KEY"\n',
            "4: reports[0]: `header` and `secret` need each other (write both, or neither)",
            id="secret without a header",
        ),
        pytest.param(
            '[http]\nallow = [\n  "10.0.0.0/24", "[::1]:80",\n  "http://10.0.0.8",\n]\n',
            "4: http.allow[2]: `http://10.0.0.8` is no address of a host "
            "(write a host, a host:port or a network: 10.0.0.8:8080, 10.0.0.0/24)",
            id="address where a host stands",
        ),
        pytest.param(
            FILE + PARTNER + AGREEMENT + 'scope.organisations = ["ods:ZN1", "ods:ZN8"]\n',
            "8: agreements[0].scope.organisations[1]: no file of organisations knows `ods:ZN8` "
            "(add it to a file, or correct it)",
            id="unknown organisation",
        ),
        pytest.param(
            FILE + POPULATION + 'organisations = ["zn1"]\n',
            "5: populations[0].organisations[0]: no file of organisations knows `zn1` "
            "(did you mean `ods:ZN1`?)",
            id="organisation without its scheme",
        ),
        pytest.param(
            FILE + PARTNER + AGREEMENT + EDITION + 'scope = { regions = ["Nroth"] }\n',
            "12: editions[0].scope.regions[0]: no organisation lies in `Nroth` "
            "(did you mean `North`? there are: North)",
            id="region nobody lies in",
        ),
        pytest.param(
            FILE + POPULATION + 'below = ["ods:ZN8"]\n',
            "5: populations[0].below[0]: no file of organisations knows `ods:ZN8` "
            "(add it to a file, or correct it)",
            id="below nobody known",
        ),
        pytest.param(
            FILE + POPULATION,
            "2: populations[0]: nothing says who belongs to it "
            "(add organisations = […] or below = […])",
            id="population of nobody",
        ),
        pytest.param(
            FILE + POPULATION + 'organisations = ["ods:ZN1"]\ntypes = ["acute"]\n',
            "6: populations[0].types: no `below` stands beside it "
            "(add below = […]: types narrow that, and nothing else)",
            id="types that narrow nothing",
        ),
        pytest.param(
            FILE + POPULATION + 'below = ["ods:ZN1"]\ntypes = ["acut"]\n',
            "6: populations[0].types[0]: no organisation is of the type `acut` "
            "(did you mean `acute`? there are: acute, board, mental_health)",
            id="type of nobody",
        ),
        pytest.param(
            FILE + PARTNER + AGREEMENT + "scope.with_predecessors = true\n",
            "8: agreements[0].scope.with_predecessors: no organisations stand beside it "
            "(name them, or take this out)",
            id="predecessors of nobody",
        ),
        pytest.param(
            'organisations = ["organisations.csv", "orgs.csv"]\n'
            + PARTNER
            + AGREEMENT
            # Not a second fault: the file that cannot be read may know it.
            + 'scope.organisations = ["ods:ZN8"]\n',
            "1: organisations[1]: `orgs.csv` cannot be read "
            "(check that it is there, and may be read)",
            id="file that is not there",
        ),
        pytest.param(
            'organisations = ["organisations.csv", "organisations.csv"]\n',
            "1: organisations[1]: `organisations.csv` stands twice (name each file once)",
            id="file twice",
        ),
        pytest.param(
            PARTNER + 'page_url = "www.example.org"\n',
            "4: partners[0].page_url: `www.example.org` is no address of a page "
            "(write it whole: https://...)",
            id="page without a scheme",
        ),
        pytest.param(
            PARTNER + AGREEMENT + '[[editions]]\nid = "sandbox"\npartner = "p"\ntitle = "S"\n',
            "8: editions[0].id: `sandbox` is the edition in which a partner is tried "
            "(give this one another id)",
            id="edition that bears the sandbox's name",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_its_remedy(toml: str, fault: str) -> None:
    assert faults(toml) == [f"retold.toml:{fault}"]


@pytest.mark.parametrize(
    ("live", "editions"),
    [("", []), ("live = true\n", ["p/sandbox"]), ("live = false\n", ["p/sandbox"])],
    ids=["unsaid", "live", "not live"],
)
def test_who_says_whether_it_is_live_has_a_sandbox(live: str, editions: list[str]) -> None:
    config = read(PARTNER + live + 'page_url = "https://p.example/stories"\n' + AGREEMENT)
    assert [edition.key for edition in config.editions] == editions
    assert config.partners[0].live is (live != "live = false\n")


def test_every_agreement_of_a_partner_may_be_public_whatever_others_are() -> None:
    others = PARTNER.replace('"p"', '"q"') + AGREEMENT.replace('"p"', '"q"').replace('"a"', '"c"')
    public = AGREEMENT + "public = true\n"
    config = read(PARTNER + public + public.replace('"a"', '"b"') + others)
    assert [agreement.public for agreement in config.agreements] == [True, True, False]


@pytest.mark.parametrize("section", ["partners", "agreements", "editions", "reports"])
def test_a_section_that_is_no_list_of_tables_is_one_fault(section: str) -> None:
    assert len(faults(f"{section} = [1]\n")) == 1
    assert len(faults(f'{section} = "p"\n')) == 1


@pytest.mark.parametrize(
    "toml",
    [
        pytest.param('[[partners]]\nid = 7\nname = "P"\n', id="id"),
        pytest.param(PARTNER + AGREEMENT.replace('"p"', "7"), id="partner of an agreement"),
        pytest.param(PARTNER + EDITION.replace('"p"', "7"), id="partner of an edition"),
        pytest.param(PARTNER + REPORT.replace('"p"', "7"), id="platform"),
        pytest.param(CHANNEL.replace('"webfeed"', "7"), id="kind"),
        pytest.param(CHANNEL + "every = 7\n", id="every"),
        pytest.param(CHANNEL + "[channels.own_site]\nzone = 7\n", id="zone"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_once(toml: str) -> None:
    (found,) = faults(toml)
    assert "must be text" in found


@pytest.mark.parametrize(("length", "end"), [(20, ", p18, p19)"), (21, ", p18, p19, …)")])
def test_a_long_list_of_names_is_cut_short(length: int, end: str) -> None:
    partners = "".join(f'[[partners]]\nid = "p{n:02}"\nname = "P"\n' for n in range(length))
    (found,) = faults(partners + AGREEMENT.replace('"p"', '"zzz"'))
    assert found.endswith(end)
