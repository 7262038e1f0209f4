"""Builders of what tests need most: a store's station, its rows, members with points."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from msgspec import structs
from sqlalchemy import Engine
from sqlmodel import SQLModel

from agent import identity as identities
from agent.devices import Devices
from agent.epochs import recall
from agent.events import Events
from agent.lives import current_file, sweep
from agent.migration import JOURNAL_VERSION, REPLICA_VERSION, migrate
from agent.packs import PackShelf
from agent.quote.lines import Item
from agent.quote.service import Basket
from agent.replica import service as replica
from agent.schema import JournalTable, ReplicaTable
from agent.settings import AgentSettings
from agent.station import Doubt, Identity, PremisesCache, Station, Wakes
from agent.vault import guarded
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.crypto.blind import IdentifierKind, blind_index
from shared.crypto.keys import KeyPair
from shared.crypto.pins import hash_pin
from shared.ids import card_number, uuid7
from shared.phone import normalise_phone
from shared.receipt import Redeem
from shared.rules.pack import canonical, pack_hash, read_pack
from shared.runtime.sqlite import Synchronous, open_file, transaction
from shared.tokens import plain_token, tail_of
from shared.wire.agents import keys_bytes, pack_signing_bytes
from shared.wire.codec import encode
from shared.wire.feed import GLOBAL, Change, region_stream, store_stream, write_segment
from shared.wire.rows import (
    AccountRow,
    CashierRow,
    CertificateRow,
    CodeBatchRow,
    CodeRow,
    GoodsRow,
    Holding,
    IdentifierRow,
    KeysRow,
    LeaseRow,
    LotRow,
    MemberRow,
    PackRow,
    Row,
    SettingsRow,
    key_of,
    kind_of,
)
from tests.fakes import NOON, FakeClock, FakeLink
from tests.vaults import VAULT, lay_key

ROOT = KeyPair.from_seed(b"r" * 32)
PACKER = KeyPair.from_seed(b"p" * 32)
INDEX_KEY = b"i" * 32
PEPPER = b"s" * 32
INCARNATION = UUID(int=2)
PIN = "246810"
STORE = "101"
REGION = "msk"
CHEESE, WINE, VODKA, CIGARETTES = "CHEESE", "WINE", "VODKA", "CIGARETTES"

GOODS = (
    GoodsRow(CHEESE, "Сыр выдержанный", "delicacy/cheese", "", (), 100_000, 0, ("4600000000015",)),
    GoodsRow(WINE, "Вино красное", "wine/red", "", (), 200_000, 0, ("4600000000022",)),
    GoodsRow(VODKA, "Водка", "spirits/vodka", "", ("alcohol",), 40_000, 34_900, ()),
    GoodsRow(CIGARETTES, "Сигареты", "tobacco", "", ("tobacco",), 20_000, 0, ()),
)


class Shop:
    """A station over real files with a line and a clock in the test's hand."""

    def __init__(
        self, folder: Path, store: str = STORE, seed: int = 1, **settings_given: Any
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        lay_key(folder)
        self.clock = FakeClock()
        self.link = FakeLink(self.clock)
        self.chance = random.Random(seed)
        self.number = 0
        self.numbers: dict[str, int] = {}
        settings = AgentSettings(data_dir=folder, **settings_given)
        journal = guarded(_open_laid(folder / "journal.db", JournalTable, JOURNAL_VERSION), VAULT)
        migrate(journal, JournalTable, JOURNAL_VERSION)

        def open_replica(name: str) -> Engine:
            opened = _open_laid(folder / name, ReplicaTable, REPLICA_VERSION, Synchronous.NORMAL)
            engine = guarded(opened, VAULT)
            migrate(engine, ReplicaTable, REPLICA_VERSION)
            return engine

        self.station = Station(
            identity=Identity(
                agent=UUID(int=seed),
                epoch=1,
                store=store,
                keys=KeyPair.from_seed(bytes([seed]) * 32),
                root_key=ROOT.public,
                card_prefix="29",
                card_block=seed,
                index_key=INDEX_KEY,
                pin_pepper=PEPPER,
                vault=VAULT,
            ),
            journal=journal,
            replica=open_replica("replica-1.db"),
            data_dir=folder,
            clock=self.clock,
            chance=self.chance,
            link=self.link,
            settings=settings,
            events=Events(settings.event_listeners_max),
            open_replica=open_replica,
            boot="first",
        )
        self.station.doubt.open = False

    def close(self) -> None:
        self.station.journal.dispose()
        self.station.replica.dispose()

    def uid(self) -> UUID:
        return uuid7(self.clock.now(), self.chance)

    def feed(self, stream: str, *rows: Row) -> int:
        """Apply rows as the next piece of a stream; return its number."""
        first = self.numbers.get(stream, 0) + 1
        changes = [
            Change(number, kind_of(row).value, key_of(row), encode(row))
            for number, row in enumerate(rows, first)
        ]
        last = first + len(rows) - 1
        self.numbers[stream] = last
        replica.apply(self.station, write_segment(stream, INCARNATION, first, last, changes))
        return last

    def open(self) -> "Shop":
        """Give the store its settings, goods, keys and the wine pack."""
        store = self.station.identity.store
        self.feed(
            store_stream(store),
            settings_row(store),
        )
        self.feed(region_stream(REGION), *GOODS)
        self.feed(GLOBAL, keys_row(), pack_row())
        return self

    def member(self, member: "Person") -> None:
        """Make a member known, with his lots and this store's leases of them."""
        lots = tuple(lot.row for lot in member.lots)
        self.feed(
            GLOBAL,
            member_row(member),
            *identifier_rows(member),
            AccountRow(member.account, member.id, 0, lots),
        )
        for lot in member.lots:
            if lot.leased:
                self.lease(member, lot, lot.leased)

    def merge(self, merged: "Person", into: "Person") -> None:
        """Let a member live on in another one, who has his account too."""
        both = (into.account, merged.account)
        self.feed(
            GLOBAL,
            structs.replace(member_row(merged), merged_into=into.id, accounts=()),
            structs.replace(member_row(into), accounts=both),
        )

    def remove(self, stream: str, row: Row) -> None:
        """Apply the removal of a row as the next piece of a stream."""
        number = self.numbers[stream] + 1
        change = Change(number, kind_of(row).value, key_of(row), b"")
        self.numbers[stream] = number
        piece = write_segment(stream, INCARNATION, number, number, [change])
        replica.apply(self.station, piece)

    def contact(self) -> None:
        """Let the centre tell what time it is, and be as it was."""
        was_up, self.link.up = self.link.up, True
        self.link.state()
        self.link.up = was_up

    def restart(self, boot: str = "first") -> None:
        """Let a new process open the same files; another name of the boot: of a new machine."""
        self.station.journal.dispose()
        self.station.replica.dispose()
        folder = self.station.data_dir
        self.link.told = None
        enrolled = identities.is_enrolled(folder)
        self.station = replace(
            self.station,
            identity=identities.load(folder, VAULT) if enrolled else self.station.identity,
            replica=self.station.open_replica(current_file(self.station.journal)),
            barred="",
            boot=boot,
            events=Events(self.station.settings.event_listeners_max),
            devices=Devices(),
            packs=PackShelf(),
            premises=PremisesCache(),
            doubt=Doubt(),
            wakes=Wakes(),
        )
        recall(self.station)
        sweep(self.station)

    def drop_packs(self) -> None:
        """Start anew with a replica that has no pack."""
        with transaction(self.station.replica) as connection:
            connection.exec_driver_sql("DELETE FROM row WHERE kind = 'pack'")
        self.restart()
        self.station.doubt.open = False

    def next_number(self) -> int:
        """Return a number that no member of this shop has had."""
        self.number += 1
        return self.number

    def lease(self, member: "Person", lot: "PersonLot", granted: int, wanted_back: int = 0) -> None:
        """Raise this store's lease of a lot."""
        row = lease_row(self, member, lot, granted, wanted_back)
        self.feed(store_stream(self.station.identity.store), row)


def _open_laid(
    path: Path, table: type[SQLModel], version: int, synchronous: Synchronous = Synchronous.FULL
) -> Engine:
    """Open a file; one that is not there is laid as a copy of one that has its tables."""
    if not path.exists():
        path.write_bytes(_laid(table, version))
    return open_file(path, synchronous)


@cache
def _laid(table: type[SQLModel], version: int) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "laid.db")
        engine = open_file(path, Synchronous.OFF)
        migrate(engine, table, version)
        engine.dispose()
        return path.read_bytes()


class PersonLot:
    """A lot in hundredths, of which this store leases a part."""

    def __init__(
        self,
        amount: int,
        leased: int = 0,
        *,
        number: int = 1,
        activates_at: datetime = NOON - timedelta(days=1),
        expires_on: date | None = date(2027, 1, 1),
        elsewhere: Sequence[Holding] = (),
    ) -> None:
        self.leased = leased
        holdings = (*((Holding(STORE, leased),) if leased else ()), *elsewhere)
        self.row = LotRow(
            UUID(int=3_000_000 + number),
            "bonus",
            "purchase",
            amount,
            activates_at,
            expires_on,
            holdings,
        )


class Person:
    """A member of the tests."""

    def __init__(
        self, *lots: PersonLot, number: int = 1, turnover_minor: int = 0, phone: str = ""
    ) -> None:
        self.id = UUID(int=1_000_000 + number)
        self.account = UUID(int=2_000_000 + number)
        self.card = card_number("29", 9, number)
        self.name = "Анна П."
        self.phone = normalise_phone(phone) if phone else ""
        self.lots = lots
        self.turnover_minor = turnover_minor


def settings_row(store: str = STORE, region: str = REGION) -> SettingsRow:
    """A store's requisites."""
    return SettingsRow(
        store=store,
        name="Винная лавка",
        address="Арбат, 1",
        region=region,
        zone="Europe/Moscow",
        legal_name="ООО «Вино»",
        tax_number="7701234567",
        tills=("1", "2"),
    )


def member_row(member: Person) -> MemberRow:
    """A member as the centre tells of him."""
    return MemberRow(
        id=member.id,
        display_name=member.name,
        merged_into=None,
        accounts=(member.account,),
        turnover_minor=member.turnover_minor,
        receipts=0,
        registered_on=date(2026, 1, 1),
        birthday=None,
        segments=(),
        tier_floor=None,
        home_store=STORE,
    )


def identifier_rows(member: Person) -> list[IdentifierRow]:
    """The card of a member, and his phone if he has one."""
    card = blind_index(INDEX_KEY, IdentifierKind.CARD, member.card)
    rows = [IdentifierRow(card, member.id, member.card[-4:], None)]
    if member.phone:
        phone = blind_index(INDEX_KEY, IdentifierKind.PHONE, member.phone)
        rows.append(IdentifierRow(phone, member.id, member.card[-4:], None))
    return rows


def lease_row(
    shop: Shop,
    member: Person,
    lot: PersonLot,
    granted: int,
    wanted_back: int = 0,
    *,
    epoch: int = 1,
) -> LeaseRow:
    """A store's lease of a lot, as the centre tells of it."""
    return LeaseRow(
        lot=lot.row.id,
        account=member.account,
        agent=shop.station.identity.agent,
        epoch=epoch,
        granted=granted,
        wanted_back=wanted_back,
        wallet="bonus",
        activates_at=lot.row.activates_at,
        expires_on=lot.row.expires_on,
    )


@cache
def cashier_row(no: str, name: str, pin: str = PIN, role: str = "cashier") -> CashierRow:
    """A cashier with a PIN."""
    return CashierRow(no, name, role, hash_pin(PEPPER, pin, b"salt of sixteen!"))


def wine_text() -> str:
    """The shipped example as it stands in the package."""
    return files("shared.rules").joinpath("examples/wine.yaml").read_text("utf-8")


def wine_with(grants: str) -> str:
    """The shipped example with these grants instead of its own."""
    before, _, rest = wine_text().partition("grants:\n")
    return f"{before}policies:{rest.partition('policies:')[2].rstrip()}\n{grants}"


def keys_row(version: int = 1, root: KeyPair = ROOT) -> KeysRow:
    """A list of keys that the root has signed."""
    keys = (PACKER.public,)
    return KeysRow(version, keys, root.sign(keys_bytes(version, keys)))


@cache
def pack_row(text: str = "", signer: KeyPair = PACKER) -> PackRow:
    """The wine pack, signed."""
    pack = read_pack(text or wine_text())
    body = canonical(pack)
    hash_ = pack_hash(body)
    effective = pack.effective_from.isoformat()
    return PackRow(
        hash_,
        pack.name,
        str(pack.version),
        effective,
        body,
        signer.sign(pack_signing_bytes(hash_)),
    )


def basket(
    shop: Shop,
    *items: Item,
    member: Person | None = None,
    redeem: Redeem = Redeem.NONE,
    points: int = 0,
) -> Basket:
    """A receipt of one cheese for 1 000.00, or of given items."""
    return Basket(
        uid=shop.uid(),
        till="1",
        items=items or (Item(1, 1000, CHEESE),),
        member=member.id if member else None,
        redeem=redeem,
        redeem_points=points,
    )


def code_known(
    shop: Shop, code: str, *, campaign: str = "tasting", last_day: date | None = date(2026, 8, 31)
) -> None:
    """Make a unique promo code known here that nobody has used."""
    index = blind_index(INDEX_KEY, IdentifierKind.CODE, plain_token(code))
    days = (date(2026, 5, 1), last_day)
    shop.feed(GLOBAL, CodeRow(index, 1), CodeBatchRow(1, campaign, "event", "ready", *days))


def certificate_known(
    shop: Shop, code: str, *, state: str = "active", balance: int = 100_000, pin: str = ""
) -> None:
    """Make a certificate known here that is leased to this store."""
    index = blind_index(INDEX_KEY, IdentifierKind.CERTIFICATE, plain_token(code))
    account = bearer_account(Bearer.CERTIFICATE, index)
    lot = bearer_lot(account)
    pin_hash = hash_pin(PEPPER, pin, b"salt of sixteen!") if pin else ""
    tail = tail_of(plain_token(code))
    shop.feed(GLOBAL, CertificateRow(index, tail, state, 100_000, pin_hash=pin_hash))
    if state == "for_sale":
        return
    row = LotRow(
        lot, "@certificate", "certificate", balance, NOON, None, (Holding(STORE, balance),)
    )
    shop.feed(GLOBAL, AccountRow(account, account, 0, (row,)))
    who = shop.station.identity
    lease = LeaseRow(lot, account, who.agent, who.epoch, balance, 0, "@certificate", NOON, None)
    shop.feed(store_stream(STORE), lease)
