"""Load a JSON Lines file twice, as dlt does: `python -m bench._dlt FILE FOLDER` prints CPU seconds.

A process of its own, so that its settings, its threads and its log are nobody else's.
Spec: https://dlthub.com/docs/general-usage/merge-loading
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PAGE = 5000


def load(file: Path, folder: Path) -> None:
    """Merge every row of the file into SQLite by its primary key."""
    import dlt  # noqa: PLC0415 -- it reads its settings from the environment as it is imported
    import orjson  # noqa: PLC0415

    from bench import clock  # noqa: PLC0415

    def rows() -> Iterator[list[dict[str, Any]]]:
        page = []
        with file.open("rb") as lines:
            for line in lines:
                page.append(orjson.loads(line))
                if len(page) == _PAGE:
                    yield page
                    page = []
        yield page

    @dlt.resource(write_disposition="merge", primary_key="comment_id")
    def comments() -> Iterator[list[dict[str, Any]]]:
        yield from rows()

    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{folder}/dlt.db"),
        dataset_name="main",
    )
    first_s = clock.cpu_s(lambda: pipeline.run(comments()))
    again_s = clock.cpu_s(lambda: pipeline.run(comments()))
    print(orjson.dumps({"first_s": first_s, "again_s": again_s}).decode())


if __name__ == "__main__":
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
        "DLT_DATA_DIR": sys.argv[2],
        "DLT_PROJECT_DIR": sys.argv[2],
    }
    load(Path(sys.argv[1]), Path(sys.argv[2]))
