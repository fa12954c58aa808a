"""A hub that others wrote (Flask-WebSub) serves our subscriptions."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from flask import Flask, Response
from flask_websub.hub import Hub, SQLite3HubStorage
from werkzeug.serving import make_server

from schemas.channel import Saved
from steps import stories
from steps.subscribe import Done
from tests.web import hub as played
from tests.web.hub import Scene
from tests.web.rig import Rig


class AtOnce:
    """Does the hub's tasks at once, where it would hand them to Celery."""

    def task(self, *, bind: bool = False, **_: Any) -> Callable[[Callable[..., Any]], Any]:
        def made(function: Callable[..., Any]) -> AtOnce:
            task = AtOnce()
            task.delay = lambda *told: function(task, *told) if bind else function(*told)  # type: ignore[attr-defined]  # as Celery has it
            return task

        return made


@contextmanager
def real_hub(scene: Scene, folder: Path) -> Iterator[Hub]:
    """Serve the hub, and the feed that names it."""
    app = Flask("hub")
    hub = Hub(
        SQLite3HubStorage(str(folder / "hub.db")), celery=AtOnce(), SIGNATURE_ALGORITHM="sha512"
    )
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    origin = f"http://127.0.0.1:{server.server_port}"
    scene.far.origin = origin

    @app.get("/feed")
    def feed() -> Response:
        link = f'<{origin}/hub>; rel="hub", <{origin}/feed>; rel="self"'
        reply = scene.pages["/feed"](None)  # type: ignore[arg-type]  # it asks nothing of it
        return Response(reply.body, headers={"Link": link}, content_type=reply.media_type)

    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def served(rig: Rig) -> Iterator[str]:
    """Serve our application; give its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(rig.app, log_config=None, lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def scene(rig: Rig, tmp_path: Path) -> Iterator[Scene]:
    with played.scene(rig, tmp_path) as scene, served(rig) as scene.public_url:
        yield scene


def callbacks(hub: Hub, scene: Scene) -> list[tuple[str, str]]:
    return [tuple(row) for row in hub.storage.get_callbacks(scene.url("/feed"))]


def test_a_real_hub_subscribes_us_sends_renews_and_ends(scene: Scene, tmp_path: Path) -> None:
    with real_hub(scene, tmp_path) as hub:
        scene.tell("one", links="")
        assert scene.poll().new == 1
        assert scene.subscribe() == Done(asked=1, active=1)
        ((callback, secret),) = callbacks(hub, scene)
        assert callback.startswith(f"{scene.public_url}/hooks/websub/forum/")
        assert secret == scene.standing()[0].secret

        scene.tell("one", "two", links="")
        hub.send_change_notification.delay(scene.url("/feed"))
        assert len(stories.every(scene.rig.engine)) == 2
        assert scene.standing()[0].deliveries == 1
        assert scene.poll() == Saved(unchanged=2)

        scene.wait(days=7)
        assert scene.subscribe() == Done(asked=1, active=1)
        assert len(callbacks(hub, scene)) == 2
        assert scene.subscribe() == Done(ended=1, active=1)
        assert len(callbacks(hub, scene)) == 1

        scene.websub = False
        assert scene.subscribe() == Done(ended=1)
        assert callbacks(hub, scene) == []
        assert scene.standing() == []


def test_a_real_hub_forgets_us_where_nobody_listens(scene: Scene, tmp_path: Path) -> None:
    with real_hub(scene, tmp_path) as hub:
        scene.tell("one", links="")
        scene.poll()
        scene.subscribe()
        scene.websub = False
        scene.configure()
        scene.tell("one", "two", links="")
        hub.send_change_notification.delay(scene.url("/feed"))
        assert callbacks(hub, scene) == []
        assert len(stories.every(scene.rig.engine)) == 1


def test_a_real_hub_that_denies_is_heard(scene: Scene, tmp_path: Path) -> None:
    with real_hub(scene, tmp_path) as hub:
        hub.register_validator(lambda *_: "we know you not")
        scene.tell("one", links="")
        scene.poll()
        assert scene.subscribe() == Done(asked=1, denied=1)
        assert scene.standing()[0].reason == "we know you not"
