"""A page is read as somebody without scripts gets it."""

import pytest

from connectors import _web_page

PAGE = """<!doctype html><html><head><title>Stories</title>
<script>var gone = "Removed"</script><style>.gone { content: "Removed" }</style></head>
<body><!-- Removed --><h2><b>[Test]</b> Th&eacute; &lt;story&gt;</h2>
<img src="https://retold.example/b/1.gif?a=1&amp;b=2"><template>Removed</template></body></html>"""


def test_what_is_shown_is_read_and_what_is_not_is_left_out() -> None:
    read = _web_page.read(PAGE.encode(), "utf-8")
    assert read is not None
    assert "[Test] Thé <story>" in read.text
    assert "Removed" not in read.text
    assert "https://retold.example/b/1.gif?a=1&b=2" in read.addresses


@pytest.mark.parametrize("charset", [None, "utf-8", "UTF-8"])
def test_other_scripts_are_read_in_their_charset(charset: str | None) -> None:
    payload = '<meta charset="utf-8"><p>قصة 試験'.encode()
    read = _web_page.read(payload, charset)
    assert read is not None
    assert "قصة 試験" in read.text


@pytest.mark.parametrize(
    ("payload", "charset"), [(b"", None), (b"   ", None), (b"<p>a", "no-such-charset")]
)
def test_what_is_no_page_is_told(payload: bytes, charset: str | None) -> None:
    assert _web_page.read(payload, charset) is None
