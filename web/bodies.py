"""Read the body of a request, and hold no more of it than is allowed."""

from http import HTTPStatus

from starlette.types import Receive

from web import answers
from web.answers import Answer

# What follows an answer to half a body would be the other half.
_CLOSE = (b"connection", b"close")

_DIGITS = 18
"""Of a length that are looked at: what follows makes it no smaller."""


async def whole(
    headers: dict[bytes, bytes], receive: Receive, most: int, what: str
) -> bytes | Answer:
    """Read a body whole, or say why not; `what` is what it holds: `a report`."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:_DIGITS]) > most:
        return _too_large(most, what)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return _empty(what)  # nobody is there to read it
        body += message.get("body", b"")
        if len(body) > most:
            return _too_large(most, what)
        more = message.get("more_body", False)
    return bytes(body) if body else _empty(what)


def _too_large(most: int, what: str) -> Answer:
    return answers.problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{what[:1].upper()}{what[1:]} has at most {most} bytes: send it in parts.",
        [_CLOSE],
    )


def _empty(what: str) -> Answer:
    detail = f"There is no {what.partition(' ')[2]} in this request."
    return answers.problem(HTTPStatus.BAD_REQUEST, detail)
