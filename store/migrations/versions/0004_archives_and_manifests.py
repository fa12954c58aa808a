"""Editions have archives and manifests; documents and deliveries know every part by its name."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MONTH = "of its publication, as 2026-10"


def upgrade() -> None:
    op.create_table(
        "entry_months",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False, comment="stories"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "month", name=op.f("pk_entry_months")),
    )
    # Blank until the next publication adds the edition up.
    _add("entries", "month", sa.Text(), "", _MONTH)
    op.create_index("ix_entries_edition_ordinal", "entries", ["edition", "ordinal"])
    op.create_index("ix_entries_edition_month", "entries", ["edition", "month"])
    # Kept documents can be made again.
    op.drop_table("documents")
    op.create_table(
        "documents",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("gzip", sa.LargeBinary(), nullable=False),
        sa.Column("seq_from", sa.BigInteger(), nullable=False),
        sa.Column("seq_to", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "format", "part", name=op.f("pk_documents")),
    )
    _add("deliveries", "part", sa.Text(), "", None)
    _add("deliveries", "as_of", sa.BigInteger(), "0", None)
    op.execute("UPDATE deliveries SET part = 'below-' || below WHERE below > 0")
    op.execute("UPDATE deliveries SET as_of = seq_to")
    op.drop_column("deliveries", "below")


def _add(
    table: str, name: str, type_: sa.types.TypeEngine[object], filled: str, comment: str | None
) -> None:
    """Add a column that is never null, filling what is there; the default does not stay."""
    op.add_column(
        table, sa.Column(name, type_, nullable=False, server_default=filled, comment=comment)
    )
    if op.get_bind().dialect.name != "sqlite":  # it cannot, and its defaults harm nobody
        op.alter_column(table, name, server_default=None)
