"""What names people lies closed in an agent's files: who has them without the key reads nothing."""

import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from msgspec import structs

from agent import identity as identities
from agent.app import station_of
from agent.identity import OtherVaultError
from agent.journal import store as journal
from agent.members.edit import ProfileEdit, edit
from agent.members.search import find_by_name
from agent.members.service import Registration, find, register
from agent.replica import repair, sums
from agent.replica import store as rows
from agent.settings import AgentSettings
from agent.station import Station
from agent.vault import VAULT_FILE, NoVaultKeyError, vault_of
from shared.crypto.vault import Vault
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import encode
from shared.wire.facts import Fact
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import CashierRow, MemberRow
from tests.agent.kit import claim, sell
from tests.builders import Person, Shop, basket, cashier_row, member_row
from tests.vaults import VAULT

SECRETS = (
    "Анна",
    "Петрова",
    "Ирина",
    "Зинаида",
    "Борис",
    "79161234567",
    "79160000002",
    "1984-05",
    "asked so",
)
"""Of who was registered, edited, came by rows, or works here: names, phones, a birthday; the digest
of what a till had asked, from which a name and a phone could be guessed."""
OTHER = Vault(b"w" * 32)


def told_by(folder: Path) -> set[str]:
    """Return which of the secrets stand in any file of a folder."""
    held = b"".join(path.read_bytes() for path in folder.iterdir() if path.name != VAULT_FILE)
    return {one for one in SECRETS if one.encode() in held or one.encode("utf-16-le") in held}


_OPEN = (
    "UPDATE fact SET personal = opened('personal', personal)",
    "UPDATE newcomer SET display_name = opened_text(member, display_name), "
    "birthday = opened_text(member, birthday)",
    "UPDATE profile_edit SET shown = opened_text(fact, shown)",
    "UPDATE claim SET body = opened(receipt, body)",
    "UPDATE answer SET content = opened(uid, content), answer = opened(uid, answer)",
    "UPDATE print_job SET body = opened('slip', body)",
    "UPDATE stream_key SET key = opened('stream key', key)",
    "PRAGMA user_version = 1",
)
_OPEN_ROWS = (
    "UPDATE row SET row = opened(key, row) WHERE kind IN ('member', 'cashier')",
    "PRAGMA user_version = 1",
)


def open_all(shop: Shop) -> None:
    """Leave a store's files as a version without a vault has left them."""
    station, who = shop.station, shop.station.identity
    for engine, statements in ((station.journal, _OPEN), (station.replica, _OPEN_ROWS)):
        with transaction(engine) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    told = {
        "agent": str(who.agent),
        "epoch": who.epoch,
        "store": who.store,
        "root_key": who.root_key.hex(),
        "card_prefix": who.card_prefix,
        "card_block": who.card_block,
        "index_key": who.index_key.hex(),
        "pin_pepper": who.pin_pepper.hex(),
    }
    (station.data_dir / "identity.json").write_text(json.dumps(told))
    (station.data_dir / "agent-1.key").write_bytes(who.keys.seed)
    shop.close()


def rows_and_facts(station: Station) -> tuple[list[Fact], list[bytes]]:
    """Return what a store has of people, in the bytes in which it travels."""
    with reading(station.journal) as connection:
        facts = journal.facts_from(connection, station.identity.agent, 1, 1, 100)
    with reading(station.replica) as connection:
        people = [*rows.every(connection, MemberRow, 100), *rows.every(connection, CashierRow, 100)]
    return facts, [encode(row) for row in people]


def a_day(shop: Shop) -> UUID:
    """Let a store meet people in every way in which their names come to it."""
    boris = Person(number=5)
    shop.feed(GLOBAL, structs.replace(member_row(boris), display_name="Борис П."))
    shop.feed(store_stream("101"), cashier_row("7", "Зинаида К."))
    born = date(1984, 5, 17)
    order = Registration(
        shop.uid(), b"asked so", "Анна Петрова", "+79161234567", "v1", "1", "7", birthday=born
    )
    anna = register(shop.station, order, shop.clock.now())
    change = ProfileEdit(shop.uid(), b"c", anna.member, name="Ирина Петрова", phone="+79160000002")
    edit(shop.station, change, shop.clock.now())
    sell(shop, basket(shop, member=boris))
    claim(shop, basket(shop, member=boris))
    return anna.member


def test_no_file_of_a_store_tells_who_shops_and_works_there(shop: Shop) -> None:
    ida = a_day(shop)

    assert told_by(shop.station.data_dir) == set()
    (found,) = find(shop.station, "+79160000002")
    assert (found.standing.member, found.standing.display_name) == (ida, "Ирина П.")
    assert found.standing.birthday == date(1984, 5, 17)
    shown = [one.standing.display_name for one in find_by_name(shop.station, "борис", "7").found]
    assert shown == ["Борис П."]
    with reading(shop.station.journal) as connection:
        slips = connection.exec_driver_sql("SELECT opened('slip', body) FROM print_job").scalars()
        assert any("Борис П.".encode() in slip for slip in slips)


def test_the_chains_secrets_lie_closed_too(shop: Shop) -> None:
    who = shop.station.identity
    identities.save(shop.station.data_dir, who)

    held = b"".join(path.read_bytes() for path in shop.station.data_dir.iterdir())

    for secret in (who.keys.seed, who.index_key, who.pin_pepper):
        assert secret not in held
        assert secret.hex().encode() not in held
    assert identities.load(shop.station.data_dir, VAULT) == who


def test_under_another_key_the_agent_does_not_start(shop: Shop) -> None:
    identities.save(shop.station.data_dir, shop.station.identity)

    with pytest.raises(OtherVaultError):
        identities.load(shop.station.data_dir, OTHER)


def test_a_key_that_is_to_lie_elsewhere_is_not_made_up(tmp_path: Path) -> None:
    chance = random.Random(1)
    with pytest.raises(NoVaultKeyError):
        vault_of(tmp_path, tmp_path / "sealed", chance)
    (tmp_path / "sealed").write_text("ab" * 31)
    with pytest.raises(NoVaultKeyError):
        vault_of(tmp_path, tmp_path / "sealed", chance)
    (tmp_path / "sealed").write_text("ab" * 32 + "\n")

    found = vault_of(tmp_path, tmp_path / "sealed", chance)

    assert found.open(b"place", Vault(b"\xab" * 32).close(b"place", b"content")) == b"content"
    assert not (tmp_path / VAULT_FILE).exists()


def test_a_folder_of_its_own_gets_a_key_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = vault_of(tmp_path, None, random.Random(1))
    again = vault_of(tmp_path, None, random.Random(2))

    assert again.open(b"place", first.close(b"place", b"content")) == b"content"
    assert (tmp_path / VAULT_FILE).stat().st_mode & 0o777 == 0o600


def test_a_name_that_cannot_be_opened_is_empty_and_its_owner_is_served(shop: Shop) -> None:
    """The till shows the last digits of the card then."""
    order = Registration(shop.uid(), b"c", "Анна Петрова", "+79161234567", "v1", "1", "7")
    anna = register(shop.station, order, shop.clock.now())
    with transaction(shop.station.journal) as connection:
        connection.exec_driver_sql("UPDATE newcomer SET display_name = x'00'")

    (found,) = find(shop.station, anna.card)

    assert (found.standing.display_name, found.tail) == ("", anna.card[-4:])
    who = Person()
    who.id = anna.member
    assert sell(shop, basket(shop, member=who)).pending_points > 0


def test_the_rows_sum_up_to_what_the_centre_has_however_they_lie(shop: Shop) -> None:
    for number in range(1, 30):
        shop.member(Person(number=number))
    shop.feed(GLOBAL, structs.replace(member_row(Person(number=3)), receipts=7))

    with reading(shop.station.replica) as connection:
        held = sums.held(connection, GLOBAL)
        total = sums.whole(sums.part_sums(connection, GLOBAL))

    assert held is not None
    assert held.sum == total
    assert repair.scrub(shop.station) == []


def test_a_damaged_row_that_lies_closed_is_found(shop: Shop) -> None:
    shop.member(Person(number=1))
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql("UPDATE row SET row = substr(row, 2) WHERE kind = 'member'")

    assert repair.scrub(shop.station) == [GLOBAL]


def test_files_from_before_there_was_a_vault_are_closed_when_they_are_opened(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path / "store").open()
    ida = a_day(shop)
    before = rows_and_facts(shop.station)
    open_all(shop)
    assert told_by(shop.station.data_dir) == set(SECRETS)

    station = station_of(AgentSettings(data_dir=shop.station.data_dir))

    assert rows_and_facts(station) == before
    (found,) = find(station, "+79160000002")
    assert (found.standing.member, found.standing.display_name) == (ida, "Ирина П.")
    for engine in (station.journal, station.replica):
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert told_by(station.data_dir) == set()
    assert station.identity == replace(shop.station.identity, vault=station.identity.vault)
    station.journal.dispose()
    station.replica.dispose()
