"""Where we do not go, whatever an address or a redirect says."""

import socket
from collections.abc import Mapping, Sequence

import pytest
from pydantic import ValidationError

from connectors import _guard, _http
from schemas.errors import ForbiddenAddressError, RefusedError, UnreachableError
from tests.connectors import hostile

PUBLIC = "93.184.216.34"
"""Stands in name answers only: nothing is sent there, since another address is refused first."""


FULL_WIDTH = "127.0.0.1".translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0127"})


def names(known: Mapping[str, Sequence[str]]) -> _http.Resolve:
    """Make a name server that knows these names."""

    def resolve(host: str, port: int) -> Sequence[str]:
        return known[host] if host in known else _http.resolve_name(host, port)

    return resolve


def refused(url: str, *, resolve: _http.Resolve = _http.resolve_name, **limits: object) -> str:
    """Ask where we may not; give the reason."""
    with (
        _http.open_http(_http.Limits.model_validate(limits), resolve=resolve) as http,
        pytest.raises(ForbiddenAddressError) as caught,
    ):
        http.get("forum", url)
    assert not caught.value.transient
    return caught.value.reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("http://127.0.0.1/", "leads to 127.0.0.1, which is not public", id="loopback"),
        pytest.param("http://localhost/", "not public", id="its name"),
        pytest.param("http://intranet/", "intranet leads to 10.0.0.7", id="a private name"),
        pytest.param("http://intranet./", "intranet leads to 10.0.0.7", id="with a final dot"),
        pytest.param("http://mixed.example/", "leads to 192.168.1.1", id="one private of many"),
        pytest.param("http://2130706433/", "leads to 127.0.0.1", id="decimal"),
        pytest.param("http://0x7f.1/", "leads to 127.0.0.1", id="hex"),
        pytest.param("http://0177.0.0.1/", "leads to 127.0.0.1", id="octal"),
        pytest.param("http://127.1/", "leads to 127.0.0.1", id="short"),
        pytest.param("http://0.0.0.0/", "leads to 0.0.0.0", id="any"),
        pytest.param("http://169.254.169.254/", "not public", id="cloud metadata"),
        pytest.param("http://[::1]/", "leads to ::1", id="loopback of IPv6"),
        pytest.param("http://[::ffff:127.0.0.1]/", "not public", id="mapped"),
        pytest.param("http://[64:ff9b::7f00:1]/", "not public", id="NAT64"),
        pytest.param("http://public.example@127.0.0.1/", "user name or password", id="userinfo"),
        pytest.param("http://127.0.0.1:80\\@public.example/", "backslash", id="backslash"),
        pytest.param("http://127.0.0.1/\t", "control character", id="tab"),
        pytest.param(f"http://{FULL_WIDTH}/", "cannot be read", id="full-width digits"),
        pytest.param("http://%31%32%37.0.0.1/", "read in two ways", id="percent-encoded"),
        pytest.param("http://münchen.example/", "write foreign names as xn--", id="foreign"),
        pytest.param("http:///feed", "names no host", id="no host"),
        pytest.param("http://[::1/", "cannot be read", id="half a bracket"),
        pytest.param("http://public.example:99999/", "cannot be read", id="no port"),
        pytest.param("file:///etc/passwd", "neither http:// nor https://", id="file"),
        pytest.param("gopher://127.0.0.1/", "neither http:// nor https://", id="gopher"),
        pytest.param("https://public.example:6379/", "port 6379 is none of the web's", id="port"),
    ],
)
def test_an_address_that_leads_inside_is_refused(url: str, reason: str) -> None:
    known = {
        "intranet": ["10.0.0.7"],
        "intranet.": ["10.0.0.7"],
        "mixed.example": [PUBLIC, "192.168.1.1"],
        "public.example": [PUBLIC],
    }
    assert reason in refused(url, resolve=names(known))


def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    def rebinding(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("rebinding.example", far.port)
        return answers.pop(0)

    with hostile.serve({"/": hostile.answer(b"hi")}) as far:
        bounds = _http.Limits(allow=("127.0.0.1/32",), attempts=1)
        with _http.open_http(bounds, resolve=rebinding) as http:
            assert http.get("forum", far.url("/", "rebinding.example")).body == b"hi"
    assert answers == [["127.0.0.2"]]


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("http://127.0.0.1:1/", id="another port of loopback"),
        pytest.param("//localhost:1/", id="the name of loopback"),
        pytest.param("http://intranet/", id="a private name"),
        pytest.param("http://[::1]/", id="loopback of IPv6"),
        pytest.param("http://user@intranet/", id="userinfo"),
        pytest.param("http://public.example\\@intranet/", id="backslash"),
        pytest.param("http://in\ttranet/", id="tab within"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("http://[bad/", id="half a bracket"),
    ],
)
def test_a_redirect_inside_is_refused(target: str) -> None:
    with hostile.serve({"/": hostile.redirect(target)}) as far:
        refused(far.url("/"), allow=[far.place], resolve=names({"intranet": ["10.0.0.7"]}))
        assert len(far.asked) == 1


def test_the_refusal_says_how_to_allow() -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}) as far:
        assert f'allow = ["{far.place}"] under [http] in retold.toml' in refused(far.url("/"))
        assert far.connections == 0
    assert 'allow = ["[::1]:80"]' in refused("http://[::1]/")


@pytest.mark.parametrize(
    ("allow", "host"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", id="address"),
        pytest.param("127.0.0.1:{port}", "127.0.0.1", id="address and port"),
        pytest.param("localhost", "localhost", id="host"),
        pytest.param("LocalHost:{port}", "LOCALHOST", id="host and port in any case"),
        pytest.param("127.0.0.0/8", "localhost", id="network"),
        pytest.param("127.0.0.0/8", "[::ffff:127.0.0.1]", id="network by a mapped address"),
        pytest.param("[::ffff:7f00:1]:{port}", "[::ffff:127.0.0.1]", id="IPv6 and port"),
    ],
)
def test_what_the_operator_allows_is_asked(allow: str, host: str) -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}) as far:
        limits = _http.Limits(allow=(allow.format(port=far.port),))
        with _http.open_http(limits, resolve=only_ipv4) as http:
            assert http.get("forum", far.url("/", host)).body == b"hi"


def only_ipv4(host: str, port: int) -> Sequence[str]:
    """Resolve as the system does, without the IPv6 that a machine may lack."""
    assert port
    return [socket.gethostbyname(host) if "::" not in host else "127.0.0.1"]


@pytest.mark.parametrize(
    "allow",
    [
        pytest.param("127.0.0.1:1", id="another port"),
        pytest.param("localhost", id="another name"),
        pytest.param("127.0.0.2/32", id="another network"),
        pytest.param("::/0", id="another family"),
    ],
)
def test_what_is_allowed_is_no_wider_than_said(allow: str) -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}) as far:
        refused(far.url("/"), allow=[allow])
        assert far.connections == 0


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("http://intranet/", id="an address"),
        pytest.param("10.0.0.1/8", id="host bits"),
        pytest.param("intranet:", id="no port"),
        pytest.param("intranet:99999", id="no such port"),
        pytest.param("intra net", id="blank"),
        pytest.param("", id="empty"),
    ],
)
def test_an_allowance_that_cannot_be_read_is_told_at_once(entry: str) -> None:
    with pytest.raises(ValidationError, match="write"):
        _http.Limits(allow=(entry,))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:10.0.0.1",
        "::ffff:224.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_no_special_address_is_public(address: str) -> None:
    assert not _guard.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", PUBLIC, "223.255.255.255", "::ffff:8.8.8.8", "2606:2800:220:1::1"]
)
def test_the_public_internet_is_public(address: str) -> None:
    assert _guard.is_public(address)


def test_the_gate_lets_the_public_web_through() -> None:
    gate = _guard.Gate(())
    gate.admit("public.example", 443, [PUBLIC, "2606:2800:220:1::1"])
    with pytest.raises(_guard.BlockedError, match="none of the web's"):
        gate.admit("public.example", 8443, [PUBLIC])


def test_any_port_may_be_asked_within_an_allowed_network() -> None:
    _guard.Gate(("10.0.0.0/8",)).admit("intranet", 8443, ["10.0.0.7"])
    with pytest.raises(_guard.BlockedError, match="none of the web's"):
        _guard.Gate(("10.0.0.0/8",)).admit("half", 8443, ["10.0.0.7", PUBLIC])


def test_a_host_without_addresses_is_not_reached() -> None:
    bounds = _http.Limits(attempts=1)
    with (
        _http.open_http(bounds, resolve=names({"void.example": []})) as http,
        pytest.raises(UnreachableError, match="accepted no connection"),
    ):
        http.get("forum", "http://void.example/")


def test_a_name_that_does_not_resolve_may_pass() -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with (
        _http.open_http(_http.Limits(attempts=1), resolve=nowhere) as http,
        pytest.raises(UnreachableError, match="its name does not resolve"),
    ):
        http.get("forum", "https://nowhere.example/")


def test_a_name_that_is_too_long_to_resolve_is_told_so() -> None:
    with (
        _http.open_http(_http.Limits(attempts=1)) as http,
        pytest.raises(UnreachableError, match="its name does not resolve"),
    ):
        http.get("forum", f"https://{'x' * 64}.example/")


def test_the_next_address_is_tried_where_one_accepts_nothing() -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}) as far:
        limits = _http.Limits(allow=("127.0.0.0/8",), attempts=1)
        resolve = names({"two.example": ["127.0.0.2", "127.0.0.1"]})
        with _http.open_http(limits, resolve=resolve) as http:
            assert http.get("forum", far.url("/", "two.example")).body == b"hi"
        assert far.asked[0].headers["host"] == f"two.example:{far.port}"


def test_an_egress_proxy_is_trusted_to_resolve() -> None:
    with hostile.serve({"http://news.example/feed": hostile.answer(b"hi")}) as proxy:
        limits = _http.Limits(egress_proxy=f"http://us:secret@{proxy.place}", attempts=1)
        assert "secret" not in repr(limits)
        with _http.open_http(limits) as http:
            assert http.get("forum", "http://news.example/feed").body == b"hi"
        assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://localhost/",
        "http://a.localhost/",
        "http://public.example:25/",
    ],
)
def test_an_egress_proxy_is_not_asked_to_look_inside(url: str) -> None:
    with hostile.serve({}) as proxy:
        refused(url, egress_proxy=f"http://{proxy.place}")
        assert proxy.connections == 0


def test_an_egress_proxy_that_refuses_is_named_in_the_fault() -> None:
    with hostile.serve({"news.example:443": hostile.answer(status=407)}) as proxy:
        limits = _http.Limits(egress_proxy=f"http://{proxy.place}", attempts=1)
        with (
            _http.open_http(limits) as http,
            pytest.raises(UnreachableError, match="check egress_proxy"),
        ):
            http.get("forum", "https://news.example/feed")


def test_the_environment_opens_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile.serve({}) as proxy, hostile.serve({"/": hostile.answer(b"hi")}) as far:
        monkeypatch.setenv("http_proxy", f"http://{proxy.place}")
        monkeypatch.setenv("ALL_PROXY", f"http://{proxy.place}")
        with _http.open_http(_http.Limits(allow=(far.place,))) as http:
            assert http.get("forum", far.url("/")).body == b"hi"
        assert proxy.connections == 0


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> hostile.Identity:
    return hostile.identity(tmp_path_factory.mktemp("tls"), "far.example")


def https(trusted: hostile.Identity | None, **limits: object) -> _http.Http:
    """Open the network, with every name leading to loopback."""
    bounds = {"allow": ["127.0.0.0/8"], "attempts": 1, **limits}
    if trusted:
        bounds["ca_bundle"] = trusted.path
    return _http.open_http(
        _http.Limits.model_validate(bounds), resolve=lambda _host, _port: ["127.0.0.1"]
    )


def test_tls_is_held_to_the_name_not_to_the_address(identity: hostile.Identity) -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}, identity.context()) as far:
        with https(identity) as http:
            assert http.get("forum", far.url("/", "far.example")).body == b"hi"
            assert http.get("forum", far.url("/", "far.example")).body == b"hi"
            with pytest.raises(RefusedError, match="its certificate does not hold"):
                http.get("forum", far.url("/", "other.example"))
        assert far.asked[0].headers["host"] == f"far.example:{far.port}"
        assert far.connections == 2


def test_a_certificate_nobody_vouches_for_is_refused(identity: hostile.Identity) -> None:
    with (
        hostile.serve({"/": hostile.answer(b"hi")}, identity.context()) as far,
        https(None) as http,
        pytest.raises(RefusedError, match=r"does not hold \(self-signed certificate\)"),
    ):
        http.get("forum", far.url("/", "far.example"))


def test_an_expired_certificate_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    expired = hostile.identity(tmp_path_factory.mktemp("tls"), "far.example", expired=True)
    with (
        hostile.serve({"/": hostile.answer(b"hi")}, expired.context()) as far,
        https(expired, attempts=3) as http,
        pytest.raises(RefusedError, match=r"does not hold \(certificate has expired\)"),
    ):
        http.get("forum", far.url("/", "far.example"))


def test_what_speaks_no_tls_is_told() -> None:
    with (
        hostile.greet(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port,
        https(None) as http,
        pytest.raises(UnreachableError, match="check that the address wants https"),
    ):
        http.get("forum", f"https://127.0.0.1:{port}/")


def test_a_slow_tls_handshake_is_cut_at_the_deadline(identity: hostile.Identity) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        https(identity, deadline_s=0.3) as http,
        pytest.raises(UnreachableError, match="no whole answer"),
    ):
        http.get("forum", f"https://127.0.0.1:{mute.getsockname()[1]}/")


def test_a_slow_body_over_tls_is_cut_at_the_deadline(identity: hostile.Identity) -> None:
    slow = hostile.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
    with (
        hostile.serve({"/": slow}, identity.context()) as far,
        https(identity, deadline_s=0.3) as http,
        pytest.raises(UnreachableError, match="no whole answer"),
    ):
        http.get("forum", far.url("/", "far.example"))


def test_tls_goes_through_an_egress_proxy_unopened(identity: hostile.Identity) -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}, identity.context()) as far:
        place = f"far.example:{far.port}"
        with hostile.serve({place: hostile.tunnel(far.port)}) as proxy:
            limits = _http.Limits(
                egress_proxy=f"http://{proxy.place}",
                allow=(place,),
                ca_bundle=identity.path,
                attempts=1,
            )
            with _http.open_http(limits) as http:
                assert http.get("forum", far.url("/", "far.example")).body == b"hi"
            assert [asked.method for asked in proxy.asked] == ["CONNECT"]


def test_from_https_to_http_we_do_not_go(identity: hostile.Identity) -> None:
    with hostile.serve({"/": hostile.answer(b"hi")}) as plain:
        paths = {"/": hostile.redirect(plain.url("/"))}
        with (
            hostile.serve(paths, identity.context()) as far,
            https(identity) as http,
            pytest.raises(RefusedError, match="redirects from https to http"),
        ):
            http.get("forum", far.url("/", "far.example"))
        assert plain.connections == 0
