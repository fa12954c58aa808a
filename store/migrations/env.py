"""How Alembic reaches the store: by the connection it is handed, inside that transaction."""

from alembic import context

from schemas.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
