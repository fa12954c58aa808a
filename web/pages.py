"""Answer with the pages for people, which `steps.pages` writes."""

import feeds
from rules import regions
from schemas.config import Config
from schemas.partner import Edition
from schemas.publication import NEWEST
from steps import pages
from steps.pages import HTML, PAGE, STYLE_PATH
from web import answers
from web.answers import SAFE, Answer, Header
from web.house import DocumentOf
from web.shelf import CACHING, Ready

__all__ = ["PAGE", "PAGE_HEADERS", "STYLE", "STYLE_PATH", "edition", "home"]

STYLE = answers.whole(
    200,
    pages.CSS,
    pages.STYLE,
    (b"cache-control", b"max-age=31536000, immutable"),
)

PAGE_HEADERS: tuple[Header, ...] = (
    *SAFE,
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)


def home(config: Config) -> Answer:
    """Say whose house this is, and nothing of who comes to it."""
    headers = (*PAGE_HEADERS[len(SAFE) :], (b"cache-control", b"max-age=300"))
    return answers.whole(200, HTML, pages.home(config), *headers)


class Page(Ready):
    """A page of an edition: what it asks its reader depends on the languages they prefer."""

    _caching = (CACHING[0], (b"vary", b"Accept-Encoding, Accept-Language, Authorization"))


def asked(config: Config, edition: Edition, accept_language: bytes) -> str:
    """Name the edition of another region that a reader may have meant; blank for none."""
    beside = regions.beside(edition, config.editions)
    found = regions.meant(accept_language.decode("latin-1"), edition, beside)
    return found.id if found else ""


def edition(
    config: Config, edition: Edition, document_of: DocumentOf, public_url: str, asked: str
) -> Page:
    """Show an edition to the people of its partner; `asked` is what it asks whether they meant."""
    found = {name: document_of(config, edition, name, NEWEST) for name in feeds.names()}
    documents = {name: document for name, document in found.items() if document}
    beside = regions.beside(edition, config.editions)
    page = pages.edition(config, edition, documents, public_url, beside=beside, asked=asked)
    return Page(page, PAGE_HEADERS)
