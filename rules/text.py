"""Make told text safe to keep, to show and to write into any feed.

Spec: https://www.w3.org/TR/xml/#charsets and https://spec.commonmark.org/0.31.2/

*Clean HTML* is what `html` returns: the elements of `ELEMENTS`, absolute links, no other
attribute, NFC, no character that XML 1.0 forbids. In it a `<` always begins a tag and a tag
always ends at the next `>`.
"""

import re
from functools import lru_cache
from html import escape, unescape
from unicodedata import combining, is_normalized, normalize

import nh3
from markdown_it import MarkdownIt

from schemas.errors import UnfitError
from schemas.story import BodyFormat

LONGEST = 200_000
"""Characters that a text may have; a story of a thousand words has six thousand."""

MOST_MARKS = 5_000
"""Characters of markup that a text may have; reading more can take seconds."""

ELEMENTS = frozenset({"a", "b", "blockquote", "br", "em", "i", "li", "ol", "p", "strong", "ul"})
"""All that clean HTML is made of."""

_BLOCKS = ("p", "ul", "ol", "li", "blockquote")

_REL = "nofollow noopener noreferrer ugc"

_DIRT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# What somebody's program meant as the end of a line: vertical tab, form feed, NEL, LS.
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028]")

_BLANK_LINE = re.compile(r"\n\s*\n")

# A line that begins as a heading, a quote, a list, a rule, a fence or code does.
_LINE_MARK = re.compile(r"\s|[-+#>=~]|\d{1,9}[.)]|\*(?!\*?\w)")
_ENTITY = re.compile(r"&[#\w]+;")
_RARE_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)[#\w]+;")
# Opened after white space or a bracket, closed before white space or punctuation, with no star
# between: then no rule of CommonMark reads it otherwise.
_EMPHASIS = re.compile(
    r"\*(?<![^\s(]\*)(\*?)(\w(?:[^*\n]*[\w.,:;!?])?)\*\1(?=[\s.,:;!?)]|\Z)",
)

_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_BLOCK = re.compile(
    r"<(/?)(?:(h[1-6])|address|article|aside|caption|center|d[dlt]|details|dialog|div|fieldset"
    r"|figcaption|figure|footer|form|header|hgroup|hr|legend|main|menu|nav|pre|section|summary"
    r"|table|tbody|t[dhr]|tfoot|thead)(?=[\s/>])"
    r"""(?:[^<>"']++|"[^"<]*"|'[^'<]*')*+>""",
    re.IGNORECASE,
)
_FORMATTING = re.compile(
    r"<(/?)(?=(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>])", re.IGNORECASE
)
_TANGLED = 2_000_000
"""Elements that a parser may make of one text."""

_EMPTY = re.compile(r"<p>(?:\s|<br>|<strong></strong>)*</p>")
_BARE_LINK = re.compile(rf'<a rel="{_REL}">(.*?)</a>', re.DOTALL)
_ADDRESS = re.compile(
    r"https?://(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#][^\s<>\"]*)?", re.IGNORECASE
)
_TAG = re.compile(r"(<[^>]*>)")
_ANY_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BREAKS = frozenset({"<br>"} | {f"<{end}{name}>" for name in _BLOCKS for end in ("", "/")})

_COMMONMARK = MarkdownIt("commonmark", {"html": False})


def gate(text: str, at_most: int = LONGEST) -> str:
    """Make a text fit for every store and every feed.

    What comes out is NFC, encodes to UTF-8 and is legal in XML 1.0; its lines end in a line
    feed. Controls and byte order marks are dropped, half characters become U+FFFD. A clean text
    is returned as it is. One of more than `at_most` characters raises UnfitError `too_long`.
    """
    if len(text) > at_most:
        raise UnfitError(
            "too_long", f"a text of {len(text)} characters; cut it to {at_most} at its source"
        )
    # What is printable holds nothing of what we look for, and is known ten times faster.
    if not text.replace("\n", "").isprintable():
        text = _cleared(text)
    return text if is_normalized("NFC", text) else normalize("NFC", text)


def html(body: str, body_format: BodyFormat, base_url: str | None = None) -> str:
    """Make clean HTML of a body. The same body always makes the same; clean HTML is unchanged.

    A relative link is made absolute against `base_url`; where there is none it loses its link
    and keeps its text. What has more markup than a person writes raises UnfitError `too_marked`.
    """
    if body_format is BodyFormat.TEXT:
        return _composed(_paragraphs(gate(body)))
    if body_format is BodyFormat.MARKDOWN:
        return _of_markdown(gate(body), base_url)
    if len(body) > LONGEST:
        return gate(body)
    # Not yet NFC: that would melt a `>` and the stroke (U+0338) after it into one character.
    return _of_html(_cleared(body), base_url)


def plain(html: str) -> str:
    """Take the text out of HTML: a line for each block or break, white space folded, gated."""
    # What is printable has no white space but blanks. This, and the short cuts below, halve the
    # time for most bodies: a few paragraphs of ASCII.
    line = html.replace("\n", " ")
    printable = line.isprintable()
    text = line.strip() if printable and "  " not in line else " ".join(html.split())
    if text.startswith("<p>") and text.find("<", 1) == len(text) - len("</p>"):
        text = text[len("<p>") : -len("</p>")].strip()
    elif "<" in text:
        text = _without_tags(text)
    if "&" in text:
        text = _without_entities(text)
    return text if printable and text.isascii() else gate(text)


def link(told: str | None) -> str | None:
    """Keep an address only if it is absolute, http or https, and bears no password."""
    if not told:
        return None
    address = gate(told).strip().replace(" ", "%20")
    return address if _ADDRESS.fullmatch(address) and address.isprintable() else None


def _cleared(text: str) -> str:
    """Drop or replace what no XML may hold."""
    if not _DIRT.search(text):
        return text
    text = _LINE_END.sub("\n", text).replace("\u2029", "\n\n")
    if _SURROGATE.search(text):
        # Two halves of one character, as some programs write them, are joined again.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _DIRT.sub("", text)


def _without_tags(text: str) -> str:
    text = _ANY_TAG.sub(lambda tag: "\n" if tag[0] in _BREAKS else "", text)
    return "\n".join(filter(None, map(str.strip, text.split("\n"))))


def _without_entities(text: str) -> str:
    if _RARE_ENTITY.search(text):
        return gate(unescape(text))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _paragraphs(text: str) -> str:
    """Escape a plain text: a blank line parts paragraphs, the end of a line is a break."""
    text = escape(text.strip(), quote=False)
    if not text:
        return ""
    if "\n" not in text:
        return f"<p>{text}</p>"
    return "\n".join(
        f"<p>{block.replace(chr(10), '<br>')}</p>" for block in _BLANK_LINE.split(text)
    )


def _of_markdown(source: str, base_url: str | None) -> str:
    simple = _of_simple_markdown(source)
    if simple is not None:
        return simple
    _refuse_too_marked(sum(map(source.count, "*_[`<&>-")))
    return _of_html(_COMMONMARK.render(source), base_url)


def _of_simple_markdown(source: str) -> str | None:
    """Do in 10 µs, for prose with simple emphasis, what takes CommonMark 150; else None."""
    source = source.rstrip().lstrip("\n")
    if _is_marked(source):
        return None
    text = escape(source, quote=False)
    if "*" in text:
        text = _EMPHASIS.sub(_as_emphasis, text)
        if "*" in text:
            return None
    blocks = (block.strip("\n") for block in text.split("\n\n"))
    return _composed("\n".join(f"<p>{block}</p>" for block in blocks if block))


def _is_marked(source: str) -> bool:
    """Tell whether Markdown may hold more than paragraphs and emphasis."""
    if any(mark in source for mark in "\\`<[_") or ("&" in source and _ENTITY.search(source)):
        return True
    lines = filter(None, source.split("\n"))
    return any(_LINE_MARK.match(line) or line[-1].isspace() for line in lines)


def _of_html(source: str, base_url: str | None) -> str:
    """Clean foreign HTML."""
    _refuse_too_marked(source.count("<"))
    cleaner = _cleaner(base_url if base_url and "href" in source.lower() else None)
    if any(name.lower() not in ELEMENTS for name in _NAME.findall(source)):
        # Another time: what an element held apart that is left out stands wrongly now.
        source = cleaner.clean(_BLOCK.sub(_as_paragraph, _untangled(source)))
    cleaned = cleaner.clean(_untangled(source))
    # Entities may have stood for what the gate has not seen.
    cleaned = _BARE_LINK.sub(r"\1", _cleared(cleaned.replace("&nbsp;", "\u00a0")))
    return _composed(_EMPTY.sub("\n", cleaned).strip())


def _refuse_too_marked(marks: int) -> None:
    if marks > MOST_MARKS:
        raise UnfitError(
            "too_marked", f"a text with {marks} marks of markup; at most {MOST_MARKS} are read"
        )


def _as_emphasis(found: re.Match[str]) -> str:
    second_star, text = found.groups()
    return f"<strong>{text}</strong>" if second_star else f"<em>{text}</em>"


def _untangled(source: str) -> str:
    """Keep the text and lose the emphasis of HTML that would grow beyond measure.

    A parser opens each unclosed `<b>` again in each paragraph: the square of what was told.
    """
    tags = source.count("<")
    if tags * tags > _TANGLED and tags * len(_FORMATTING.findall(source)) > _TANGLED:
        return _FORMATTING.sub(r"<\1x-", source)
    return source


def _as_paragraph(block: re.Match[str]) -> str:
    """Stand a paragraph in for a block that clean HTML does not know, so that words stay apart."""
    end, heading = block.groups()
    if not heading:
        return f"<{end}p>"
    return "</strong></p>" if end else "<p><strong>"


@lru_cache(maxsize=64)
def _cleaner(base_url: str | None) -> nh3.Cleaner:
    try:
        return _cleaner_for(("rewrite_with_base", base_url) if base_url else "deny")
    except ValueError:  # the base is no address
        return _cleaner(None)


def _cleaner_for(url_relative: str | tuple[str, str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(ELEMENTS),
        clean_content_tags={"iframe", "noscript", "script", "style", "title"},
        attributes={"a": {"href"}, "*": set()},
        url_schemes={"http", "https", "mailto"},
        link_rel=_REL,
        url_relative=url_relative,  # type: ignore[arg-type]
    )


def _composed(html: str) -> str:
    """Bring the text of clean HTML to NFC, and no tag.

    A mark that opens a text has nothing to sit on; U+0338 would melt into the `>` before it,
    and so turn the text after it into part of the tag. Where composing is due it is dropped.
    """
    if is_normalized("NFC", html):
        return html
    composed = "".join(
        piece if piece.startswith("<") else normalize("NFC", _unmarked(piece))
        for piece in _TAG.split(html)
    )
    return _EMPTY.sub("\n", composed).strip()


def _unmarked(text: str) -> str:
    """Drop the combining marks that a text begins with."""
    first = next((at for at, char in enumerate(text) if not combining(char)), len(text))
    return text[first:]
