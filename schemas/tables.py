"""Every table, for the store and its migrations.

Each is declared beside the record it keeps: a new field is one file and one migration.
"""

from schemas._metadata import EPOCH, metadata, micros, moment, moment_or_none
from schemas.channel import cursors, landings, quarantine
from schemas.partner import tokens
from schemas.play import plays
from schemas.publication import (
    acknowledgements,
    deliveries,
    documents,
    dues,
    editions,
    entries,
    entry_log,
    entry_months,
    fragments,
)
from schemas.push import intents, subscribers, webhooks
from schemas.run import audit, runs, sequences
from schemas.story import identities, revisions, sources, stories, story_services, suppressions
from schemas.subscription import subscriptions
from schemas.views import (
    breaks,
    coverage,
    facts,
    item_aliases,
    item_refs,
    observations,
    sent_counts,
    statement_lines,
    statements,
    view_reports,
)

__all__ = [
    "EPOCH",
    "acknowledgements",
    "audit",
    "breaks",
    "coverage",
    "cursors",
    "deliveries",
    "documents",
    "dues",
    "editions",
    "entries",
    "entry_log",
    "entry_months",
    "facts",
    "fragments",
    "identities",
    "intents",
    "item_aliases",
    "item_refs",
    "landings",
    "metadata",
    "micros",
    "moment",
    "moment_or_none",
    "observations",
    "plays",
    "quarantine",
    "revisions",
    "runs",
    "sent_counts",
    "sequences",
    "sources",
    "statement_lines",
    "statements",
    "stories",
    "story_services",
    "subscribers",
    "subscriptions",
    "suppressions",
    "tokens",
    "view_reports",
    "webhooks",
]
