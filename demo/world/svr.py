"""A view report as the world's sites write it: Story Views Report 1.0, as JSON and as CSV.

The form is Retold's own and published with it: a head, then rows of item, from, to, metric,
count, over half-open periods.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

METRIC = "Total_Item_Requests"

Row = tuple[str, int]
"""An item as the site names it, and how often it was read."""


def bounds(month: str) -> tuple[str, str]:
    """Name the first day of a month and the first of the next."""
    year, number = (int(part) for part in month.split("-"))
    following = f"{year + number // 12}-{number % 12 + 1:02}"
    return f"{month}-01", f"{following}-01"


def head(platform: str, month: str, method: Mapping[str, Any]) -> dict[str, Any]:
    """Say what the report covers: one whole month, completely, so what is absent is zero."""
    first, after = bounds(month)
    return {
        "svr": "1.0",
        "platform": platform,
        "report_id": f"{platform}/{month}",
        "revision": 1,
        "created": f"{after[:-2]}03T09:00:00Z",
        "created_by": f"{platform} web statistics",
        "period": {"from": first, "to": after},
        "timezone": "Europe/London",
        "grain": "month",
        "temporality": "interval",
        "coverage": "complete",
        "method": dict(method),
    }


def as_json(platform: str, month: str, rows: Iterable[Row], method: Mapping[str, Any]) -> bytes:
    """Write the report as one JSON document."""
    first, after = bounds(month)
    stated = [
        {
            "item": item,
            "from": first,
            "to": after,
            "metric": METRIC,
            "access_method": "Regular",
            "count": count,
        }
        for item, count in rows
    ]
    report = head(platform, month, method) | {"rows": stated}
    return json.dumps(report, indent=1).encode()


def as_csv(platform: str, month: str, rows: Iterable[Row], method: Mapping[str, Any]) -> bytes:
    """Write the report as CSV, its head in comment lines above."""
    first, after = bounds(month)
    text = io.StringIO()
    for key, value in head(platform, month, method).items():
        text.write(f"# {key}: {_plain(value)}\n")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("item", "from", "to", "metric", "count"))
    lines.writerows((item, first, after, METRIC, count) for item, count in rows)
    return text.getvalue().encode()


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "/".join(value.values()) if "from" in value else json.dumps(value)
    return str(value)
