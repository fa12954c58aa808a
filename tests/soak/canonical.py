"""Write a store's state so that two can be compared: no run ids, no clock, no numbers drawn."""

from typing import Any

import sqlalchemy as sa

from store.database import Engine, reading

_QUERIES = {
    "stories": "SELECT id, alias_of, revision, fingerprint, status, reason, decision, channel,"
    " external_id, kind, published_at FROM stories",
    "revisions": "SELECT story_id, revision, fingerprint, status, reason, content, channel,"
    ' external_id, "by" FROM revisions',
    "identities": "SELECT publisher, external_id, story_id FROM identities",
    "sources": "SELECT channel, external_id, story_id, is_origin, told_at, fingerprint, ended,"
    " content FROM sources",
    "services": "SELECT story_id, organisation FROM story_services",
    "landings": "SELECT channel, connector, url, media_type, sha256 FROM landings",
    "quarantine": "SELECT channel, sha256, external_id, stage, code, reason, status"
    " FROM quarantine",
    "cursors": "SELECT channel, cursor FROM cursors",
    "reports": "SELECT platform, method, sha256, status, reason, report_id, revision, temporality,"
    ' "rows", faulty FROM view_reports',
    "coverage": "SELECT v.sha256, c.t0, c.t1, c.state, c.reason FROM coverage c"
    " JOIN view_reports v ON v.id = c.report_id",
    "observations": "SELECT v.sha256, o.row, i.ref, o.month, o.t0, o.t1, o.metric, o.access,"
    " o.count FROM observations o JOIN view_reports v ON v.id = o.report_id"
    " JOIN item_refs i ON i.id = o.item_ref_id",
    "facts": "SELECT f.platform, f.month, f.metric, i.ref, f.count, f.method FROM facts f"
    " JOIN item_refs i ON i.id = f.item_ref_id",
    "entries": "SELECT edition, story_id, revision, state, reason FROM entries",
}


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Read every table that says what is so, each in an order of its own."""
    with reading(engine) as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.text(query))), key=repr)
            for name, query in _QUERIES.items()
        }
