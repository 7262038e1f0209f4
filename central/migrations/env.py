"""Alembic's entry: migrates the connection that `central.schema.migrate` passes in.

A new version is written by `python -m central.migrations.draft`, read, and committed.
The schema only goes forward.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    render_item=context.config.attributes.get("render_item"),
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
