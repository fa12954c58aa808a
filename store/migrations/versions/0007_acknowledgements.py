"""Partners acknowledge that they took down what was removed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("story_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="of the removal that it answers"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="a token's id, or a person"),
        sa.PrimaryKeyConstraint("edition", "story_id", name=op.f("pk_acknowledgements")),
    )
    op.create_index("ix_entry_log_story_id", "entry_log", ["story_id"])
