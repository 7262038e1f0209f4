"""All tables of the first version, stage by stage."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    _agents()
    _feed()
    _packs()
    _estate()
    _members()
    _ledger()
    _leases()
    _ingest()


def _agents() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("active_store", sa.String(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("card_block", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fenced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("active_store", name=op.f("uq_agent_active_store")),
        sa.UniqueConstraint("card_block", name=op.f("uq_agent_card_block")),
        sa.UniqueConstraint("public_key", name=op.f("uq_agent_public_key")),
    )
    op.create_index(op.f("ix_agent_store"), "agent", ["store"], unique=False)
    op.create_table(
        "counter",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "enrol_code",
        sa.Column("selector", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("selector", name=op.f("pk_enrol_code")),
        sa.UniqueConstraint("store", name=op.f("uq_enrol_code_store")),
    )
    op.create_table(
        "former_epoch",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", name=op.f("pk_former_epoch")),
        sa.UniqueConstraint("public_key", name=op.f("uq_former_epoch_public_key")),
    )
    op.create_table(
        "nonce",
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("public_key", "nonce", name=op.f("pk_nonce")),
    )
    op.create_index(op.f("ix_nonce_created"), "nonce", ["created"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_agent"), "session", ["agent"], unique=False)
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)


def _feed() -> None:
    op.create_table(
        "change",
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "number", name=op.f("pk_change")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "reader",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("store", "stream", name=op.f("pk_reader")),
    )
    op.create_table(
        "segment",
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "first", name=op.f("pk_segment")),
    )
    op.create_table(
        "stream",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stream")),
    )


def _packs() -> None:
    op.create_table(
        "key_list",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pack_keys", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_key_list")),
    )
    op.create_table(
        "pack",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_pack")),
    )
    op.create_index(op.f("ix_pack_name"), "pack", ["name"], unique=False)


def _estate() -> None:
    op.create_table(
        "cashier",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("pin_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("store", "no", name=op.f("pk_cashier")),
    )
    op.create_table(
        "goods",
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("floor_minor", sa.BigInteger(), nullable=False),
        sa.Column("barcodes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("region", "sku", name=op.f("pk_goods")),
    )
    op.create_table(
        "store",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("tax_number", sa.String(), nullable=False),
        sa.Column("tills", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_store")),
    )
    op.create_index(op.f("ix_store_region"), "store", ["region"], unique=False)


def _members() -> None:
    op.create_table(
        "identifier",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tail", sa.String(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("index", "owner", name=op.f("pk_identifier")),
    )
    op.create_index(op.f("ix_identifier_member"), "identifier", ["member"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("segments", sa.String(), nullable=False),
        sa.Column("tier_floor", sa.String(), nullable=True),
        sa.Column("home_store", sa.String(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("referrer", sa.Uuid(), nullable=True),
        sa.Column("tier_until", sa.Date(), nullable=True),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_table(
        "person",
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("consent", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_person")),
    )
    op.create_table(
        "claimed_index",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_claimed_index")),
    )


def _ledger() -> None:
    op.create_table(
        "account",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("debt", sa.BigInteger(), nullable=False),
        sa.Column("turnover_minor", sa.BigInteger(), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("history", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account")),
    )
    op.create_index(op.f("ix_account_member"), "account", ["member"], unique=False)
    op.create_table(
        "entry",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_entry")),
    )
    op.create_table(
        "held",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("covered", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "lot", "fact", name=op.f("pk_held")),
    )
    op.create_table(
        "lease",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("wanted_back", sa.BigInteger(), nullable=False),
        sa.Column("given_back", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "lot", "agent", "epoch", name=op.f("pk_lease")),
    )
    op.create_table(
        "lot",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("free", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("activates_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("account", "lot", name=op.f("pk_lot")),
    )
    op.create_index("ix_lot_expires_on_balance", "lot", ["expires_on", "balance"], unique=False)
    op.create_table(
        "turnover",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("account", "document", name=op.f("pk_turnover")),
    )


def _leases() -> None:
    op.create_table(
        "lease_ask",
        sa.Column("ask", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Uuid(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("receipt", sa.Uuid(), nullable=True),
        sa.Column("account", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("ask", name=op.f("pk_lease_ask")),
    )
    op.create_index(op.f("ix_lease_ask_account"), "lease_ask", ["account"], unique=False)
    op.create_table(
        "recovery",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("agent", name=op.f("pk_recovery")),
    )
    op.create_table(
        "lease_report",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", "lot", name=op.f("pk_lease_report")),
    )
    op.create_table(
        "lease_barred",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", name=op.f("pk_lease_barred")),
    )
    op.create_table(
        "lease_given",
        sa.Column("ask", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ask", "lot", name=op.f("pk_lease_given")),
    )
    op.create_table(
        "visit",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "store", name=op.f("pk_visit")),
    )


def _ingest() -> None:
    op.create_table(
        "birth",
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("lot", name=op.f("pk_birth")),
    )
    op.create_table(
        "conflict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.Column("stores", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
    )
    op.create_index(op.f("ix_conflict_at"), "conflict", ["at"], unique=False)
    op.create_index(op.f("ix_conflict_kind"), "conflict", ["kind"], unique=False)
    op.create_table(
        "document",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sale", sa.Uuid(), nullable=True),
        sa.Column("store", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_sale"), "document", ["sale"], unique=False)
    op.create_table(
        "fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("personal_digest", sa.LargeBinary(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("branch", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
    )
    op.create_table(
        "inbox",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("waits_for", sa.Uuid(), nullable=True),
        sa.Column("posting", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", "seq", "hash", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_id"), "inbox", ["id"], unique=False)
    op.create_index(op.f("ix_inbox_outcome"), "inbox", ["outcome"], unique=False)
    op.create_index(op.f("ix_inbox_waits_for"), "inbox", ["waits_for"], unique=False)
    op.create_table(
        "once",
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("lot", name=op.f("pk_once")),
    )
    op.create_table(
        "personal",
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fact", name=op.f("pk_personal")),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("covers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_table(
        "watermark",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", name=op.f("pk_watermark")),
    )
