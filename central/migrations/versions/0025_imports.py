"""Imports of existing bases, and the words by which members are searched."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from shared.names import folded_words

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


WORDS_MAX = 8
ROWS_AT_ONCE = 2000
_words = sa.table(
    "member_word", sa.column("word"), sa.column("name"), sa.column("member", sa.Uuid())
)
_persons = sa.table("person", sa.column("member", sa.Uuid()), sa.column("name"))


def upgrade() -> None:
    """Bring the tables forward; nothing was imported so before."""
    op.create_table(
        "import_note",
        sa.Column("run", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("run", "place", name=op.f("pk_import_note")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("tally", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_run_begun_at"), ["begun_at"], unique=False)
    op.create_table(
        "member_word",
        sa.Column("word", _ordered(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("word", "name", "member", name=op.f("pk_member_word")),
    )
    op.create_index(op.f("ix_member_word_member"), "member_word", ["member"], unique=False)
    op.create_index(op.f("ix_identifier_tail"), "identifier", ["tail"], unique=False)
    _note_words()
    op.create_table(
        "past_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_receipt")),
    )
    op.create_index(op.f("ix_past_receipt_account"), "past_receipt", ["account"], unique=False)
    op.create_table(
        "past_line",
        sa.Column("receipt", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("receipt", "no", name=op.f("pk_past_line")),
    )


def _ordered() -> sa.String:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    return sa.String(collation=None if is_sqlite else "C")


def _note_words() -> None:
    """Write the words of the names of whoever is registered."""
    connection = op.get_bind()
    after = None
    while True:
        query = sa.select(_persons.c.member, _persons.c.name).order_by(_persons.c.member)
        if after is not None:
            query = query.where(_persons.c.member > after)
        found = connection.execute(query.limit(ROWS_AT_ONCE)).all()
        rows = [row for person in found for row in _rows(person.member, person.name)]
        if rows:
            connection.execute(sa.insert(_words), rows)
        if len(found) < ROWS_AT_ONCE:
            return
        after = found[-1].member


def _rows(member: object, text: str) -> list[dict[str, object]]:
    words = folded_words(text)[:WORDS_MAX]
    name = "".join(f" {word}" for word in words)
    return [{"word": word, "name": name, "member": member} for word in dict.fromkeys(words)]
