"""Answer with the pages for people, which `steps.pages` writes."""

import feeds
from schemas.config import Config
from schemas.partner import Edition
from schemas.publication import NEWEST
from steps import pages
from steps.pages import HTML, PAGE, STYLE_PATH
from web import answers
from web.answers import SAFE, Answer, Header
from web.house import DocumentOf
from web.shelf import Ready

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


def edition(config: Config, edition: Edition, document_of: DocumentOf, public_url: str) -> Ready:
    """Show an edition to the people of its partner."""
    found = {name: document_of(config, edition, name, NEWEST) for name in feeds.names()}
    documents = {name: document for name, document in found.items() if document}
    return Ready(pages.edition(config, edition, documents, public_url), PAGE_HEADERS)
