"""The network as a test needs it: open to the test's own servers, and without real waiting."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import _http
from schemas.errors import OutsideError
from tests.connectors import hostile

NOW = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)
"""What the clock on the wall shows to all that `opened` gives."""


class Naps(list[float]):
    """Sleeps that take no time, in the order in which they were wanted."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def opened(
    *servers: hostile.Server, naps: Naps | None = None, chance: float = 1.0, **limits: Any
) -> _http.Http:
    """Open the network to these servers; time stands still at NOW."""
    return _http.open_http(
        _http.Limits(**{"allow": tuple(server.place for server in servers), **limits}),
        sleep=Naps() if naps is None else naps,
        chance=lambda: chance,
        wall=NOW.timestamp,
    )


def fault(behaviour: hostile.Behaviour, *, naps: Naps | None = None, **limits: Any) -> OutsideError:
    """Ask a server that behaves like this; give what is raised."""
    with (
        hostile.serve({"/": behaviour}) as far,
        opened(far, naps=naps, **limits) as http,
        pytest.raises(OutsideError) as caught,
    ):
        http.get("forum", far.url("/"))
    assert caught.value.who == "forum"
    return caught.value
