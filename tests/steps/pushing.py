"""An edition with subscribers, in a store; run as a program it pushes once, to be killed at it."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

from connectors._http import Limits
from kit.far import Ask, Far, Reply
from rules.push import Wish
from schemas.config import Config
from schemas.delivery import Delivery
from schemas.partner import Agreement, Edition, Partner, Token, Webhook
from schemas.push import Mode, Pushed, Subscriber
from steps import publish, push, tokens
from steps.house import House, open_house
from store import deliveries, subscribers
from store.database import Engine, reading
from tests import make
from tests.patience import PATIENCE_S
from tests.tell import tell, telling

ROOT = Path(__file__).parents[2]
KEY = "nhs/all"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
CONFIG = Config(
    channels=(make.channel(),),
    partners=(Partner(id="nhs", name="The Health Site"),),
    agreements=(Agreement(id="a", partner="nhs"),),
    editions=(Edition(id="all", partner="nhs", title="All", page_size=2),),
)


def with_webhook(config: Config, place: str, next_secret: str | None = None) -> Config:
    """Give the partner a webhook at a place."""
    webhook = Webhook(url=f"http://{place}/hook?key=k", secret=SECRET, next_secret=next_secret)
    partner = config.partners[0].model_copy(update={"webhook": webhook})
    return config.model_copy(update={"partners": (partner,)})


@contextmanager
def opened(
    database_url: str,
    folder: Path,
    allow: Sequence[str],
    now: datetime,
    config: Config = CONFIG,
) -> Iterator[House]:
    """Open the installation that has the edition."""
    with open_house(
        config,
        Limits(
            attempts=1,
            backoff_s=0,
            read_timeout_s=PATIENCE_S,
            deadline_s=PATIENCE_S,
            allow=tuple(allow),
        ),
        database_url=database_url,
        state_dir=folder,
        public_url="https://retold.example",
        key=b"k" * 32,
        operator="someone",
    ) as house:
        yield replace(house, clock=lambda: now)


@dataclass
class Ears:
    """A callback: it confirms what it is asked, and remembers what it was sent."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    echo: bool = True
    get_status: int = 200
    heard: list[Ask] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    victim: "subprocess.Popen[bytes] | None" = None
    """Who is killed while it waits for our answer."""

    def __call__(self, ask: Ask) -> Reply:
        if ask.method == "GET":
            self.asked.append(ask)
            said = ask.query.get("hub.challenge", "") if self.echo else "no"
            return Reply(said.encode(), "text/plain", self.get_status, self.headers)
        self.heard.append(ask)
        if self.victim is not None:
            os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait()
        return Reply(self.body, "text/plain", self.status, self.headers)


@dataclass
class Desk:
    """The hub's side: what it knows, and levers to move it."""

    house: House
    far: Far
    ears: Ears
    folder: Path
    now: datetime = START
    token: Token = field(init=False)

    def __post_init__(self) -> None:
        self.house = replace(self.house, clock=lambda: self.now)
        clear = tokens.issue(self.engine, "nhs", "feed", self.now)
        self.token = next(
            k.token for k in tokens.listing(self.engine) if k.token.id == clear.split("_")[2]
        )
        self.publish("0")

    @property
    def engine(self) -> Engine:
        return self.house.engine

    def publish(self, *external_ids: str) -> None:
        if external_ids:
            tell(self.engine, *(telling(name, f"About {name}.") for name in external_ids))
        edition = self.house.press.config.editions[0]
        publish.publish(self.engine, self.house.press, edition, lambda: self.now, lambda: "e1")

    def ask(
        self,
        path: str = "/cb",
        mode: Mode = Mode.SUBSCRIBE,
        secret: str | None = None,
        lease_s: int = 864_000,
        ending: str = "atom",
    ) -> None:
        wish = Wish(mode, "", self.far.origin + path, lease_s, secret)
        push.ask(self.engine, CONFIG.editions[0], ending, wish, self.token, self.now)
        self.now += timedelta(milliseconds=1)

    def push(self) -> Pushed:
        return push.push(self.house, KEY, chance=lambda: 1.0)

    def push_twice_at_once(self) -> list[Pushed]:
        """Let two runs begin at the same moment; give what each did."""
        ready, done = Barrier(2), []

        def go() -> None:
            ready.wait()
            done.append(push.push(self.house, KEY))

        threads = [Thread(target=go) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done

    def subscribe(self, path: str = "/cb", **fields: object) -> None:
        self.ask(path, **fields)  # type: ignore[arg-type]
        assert self.push().verified == 1

    def configure(self, **fields: object) -> None:
        """Change the configuration, as an operator would."""
        config = self.house.config.model_copy(update=fields)
        press = replace(self.house.press, config=config)
        self.house = replace(self.house, config=config, press=press)

    def subscribers(self) -> list[Subscriber]:
        with reading(self.engine) as connection:
            return subscribers.every(connection)

    def deliveries(self) -> list[Delivery]:
        with reading(self.engine) as connection:
            return deliveries.of(connection, KEY)

    def pushing(self) -> "subprocess.Popen[bytes]":
        """Push in a process of its own."""
        url = self.engine.url.render_as_string(hide_password=False)
        return subprocess.Popen(
            [
                *(sys.executable, "-m", __name__),
                *(url, str(self.folder), self.far.place, self.now.isoformat()),
                "hooked" if self.house.config.partners[0].webhook else "",
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )


if __name__ == "__main__":
    url, folder, place, at, hooked = sys.argv[1:]
    config = with_webhook(CONFIG, place) if hooked else CONFIG
    with opened(url, Path(folder), [place], datetime.fromisoformat(at), config) as house:
        push.push(house, KEY)
