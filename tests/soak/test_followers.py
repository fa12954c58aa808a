"""Whatever happens in a long history, partners that follow in every way end with what is shown.

`RETOLD_SOAK_CHANGES=200 make soak ARGS=tests/soak/test_followers.py` makes it shorter.
"""

import os
import time
from random import Random

import pytest

from steps import documents
from tests.web.following import live, world

CHANGES = int(os.environ.get("RETOLD_SOAK_CHANGES", "2000"))


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2012, 2026])
def test_followers_hold_what_is_shown_after_a_long_history(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "BUCKET", 4)
    monkeypatch.setattr(documents, "MOST_IN_DELTA", 9)
    monkeypatch.setattr(documents, "MOST_REMOVED", 4)
    began = time.monotonic()
    with world() as made:
        made.publish()
        followers = made.followers()
        happened = live(made, followers, Random(seed), CHANGES)
        made.settle(followers)
        pushes = [one.pushes for one in made.subscribers.values()]
        asked = sum(follower.asked for follower in followers)
    took = time.monotonic() - began
    print(  # noqa: T201
        f"\n{CHANGES:,} changes, {took:.0f} s: {dict(happened)};"
        f" pushes {pushes}, {asked:,} requests"
    )
    assert min(pushes) > CHANGES / 100
    assert happened["killed"] > 0
