"""When time alone moves a story is noted of each, where an edition knew the next moment alone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dues",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("story_id", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.BigInteger(), nullable=False, comment="when time alone may move it in or out"
        ),
        sa.PrimaryKeyConstraint("edition", "story_id", name=op.f("pk_dues")),
    )
    op.create_index("ix_dues_edition_at", "dues", ["edition", "at"])
    # Whatever is waited for is found by looking at every story once more.
    op.execute("UPDATE editions SET mark = 0 WHERE due_at IS NOT NULL")
    with op.batch_alter_table("editions") as editions:
        editions.drop_column("due_at")
