"""A person erased: nothing that names him is left at the centre or in a store; his receipts are."""

import json
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from agent import erasing
from agent.journal import store as facts
from agent.link import LinkDownError, RefusedByCentreError
from agent.members.edit import ProfileEdit, edit
from agent.members.service import Registered, Registration, find, register
from agent.reporting import compose
from central.agents import reports
from central.agents.service import AgentIdentity
from central.backups import service as backups
from central.conflicts.service import Word
from central.ingest.service import outcomes
from central.members.erasing import progress
from central.members.merging import ErasedMemberError
from central.settling.copying import profile_of, receipts_of
from central.settling.erased_list import ErasedList
from central.settling.erasing import erase_member
from central.settling.lookup import show
from central.settling.people import merge_members, verify_phone
from shared.runtime.sqlite import reading
from shared.wire.codec import encode
from shared.wire.facts import is_intact
from tests.chain.kit import Chain, Store
from tests.simulation.wire import LineMode

WORD = Word("support", "request 17")
PHONE, OTHER_PHONE = "+79161234567", "+79160000002"
FAMILY = "Петрова"
NAMES = tuple(text.encode() for text in (FAMILY, "Иванова", PHONE, OTHER_PHONE))


@pytest.fixture
def anna(chain: Chain) -> Registered:
    member = chain.member(100_00)
    chain.stores[0].sell(member=member.member, account=member.account)
    chain.sync()
    return member


def edited(store: Store, member: UUID, **values: str) -> None:
    made = ProfileEdit(store.uid(), b"content", member, cashier="7", **values)  # type: ignore[arg-type]
    edit(store.station, made, store.machine.clock.now())


def follow(chain: Chain) -> list[int]:
    chain.sync()
    return [erasing.follow(store.station) for store in chain.stores]


def told_by(path: Path) -> list[bytes]:
    """Return which of the names stand in a database, in whatever table, page or log."""
    found = b"".join(
        file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name)
    )
    return [name for name in NAMES if name in found]


def told_words(chain: Chain) -> dict[str, int]:
    with reading(chain.centre.engine) as connection:
        return outcomes(connection)


def files(chain: Chain) -> list[Path]:
    engines = [chain.centre.engine]
    for store in chain.stores:
        engines += [store.station.journal, store.station.replica]
    paths = []
    for engine in engines:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database = str(engine.url.database)
        paths.append(Path(database.removeprefix("file:").partition("?")[0]))
    return paths


def test_nothing_that_names_him_is_left_in_any_file(chain: Chain, anna: Registered) -> None:
    edited(chain.stores[1], anna.member, name="Анна Иванова", phone=OTHER_PHONE)
    chain.sync()
    before = {name for path in files(chain) for name in told_by(path)}

    erase_member(chain.centre, anna.member, WORD)
    done = follow(chain)

    assert before == set(NAMES)
    assert done == [1, 1]
    assert [told_by(path) for path in files(chain)] == [[]] * 5
    for store in chain.stores:
        assert find(store.station, anna.card) == find(store.station, OTHER_PHONE) == []


def back_up(chain: Chain) -> None:
    number = backups.begin(chain.centre, chain.centre.clock.now())
    chain.world.central.back_up()
    backups.confirm(chain.centre, number, chain.centre.clock.now())


def put_back(chain: Chain) -> None:
    """Put the backup back; all stores with a line hear of it."""
    assert chain.world.central.restore()
    meet(chain)


def meet(chain: Chain) -> None:
    """Let stores hear of a restored centre: their sessions have ended with the old life."""
    for store in chain.stores:
        with suppress(RefusedByCentreError, LinkDownError):
            store.machine.pull()
    chain.sync(*(one for one in chain.stores if one.machine.line.mode is LineMode.UP))


def test_who_was_erased_after_the_backup_that_is_put_back_is_erased_again(
    chain: Chain, anna: Registered, tmp_path: Path
) -> None:
    kept = ErasedList(tmp_path / "erasures.list")
    back_up(chain)
    erase_member(chain.centre, anna.member, WORD)
    assert kept.keep(chain.centre, chain.centre.clock.now()) == 1
    follow(chain)
    put_back(chain)
    assert told_by(files(chain)[0]), "the backup has his name"

    chain.world.time.pass_by(60)
    again = ErasedList(tmp_path / "erasures.list").repeat(chain.centre, chain.centre.clock.now())
    follow(chain)

    assert again == 1
    assert [told_by(path) for path in files(chain)] == [[]] * 5
    assert find(chain.stores[0].station, anna.card) == []
    assert kept.repeat(chain.centre, chain.centre.clock.now()) == 0


def test_stores_follow_erasures_of_a_restored_centre(chain: Chain, anna: Registered) -> None:
    """They have followed numbers that the backup does not know."""
    other = chain.member(0, "+79160000003")
    back_up(chain)
    erase_member(chain.centre, anna.member, WORD)
    assert follow(chain) == [1, 1]
    put_back(chain)

    chain.world.time.pass_by(60)
    erase_member(chain.centre, other.member, WORD)

    assert follow(chain) == [1, 1]


def test_who_comes_back_with_a_store_that_was_away_is_erased_again(
    chain: Chain, tmp_path: Path
) -> None:
    """He was registered and erased after the backup; a store has not heard of that yet."""
    kept = ErasedList(tmp_path / "erasures.list")
    back_up(chain)
    anna = chain.member(0)
    chain.stores[0].cut()
    erase_member(chain.centre, anna.member, WORD)
    kept.keep(chain.centre, chain.centre.clock.now())
    put_back(chain)
    assert kept.repeat(chain.centre, chain.centre.clock.now()) == 0

    chain.stores[0].machine.line.mode = LineMode.UP
    meet(chain)
    assert kept.repeat(chain.centre, chain.centre.clock.now()) == 1
    follow(chain)

    assert [told_by(path) for path in files(chain)] == [[]] * 5


def test_who_was_one_person_with_somebody_who_lives_is_left_to_people(
    chain: Chain, anna: Registered, tmp_path: Path
) -> None:
    """They were parted after the backup: which of them is whose nobody but people can say."""
    other = chain.member(0, "+79160000003")
    merge_members(chain.centre, anna.member, other.member, WORD)
    kept = ErasedList(tmp_path / "erasures.list")
    (tmp_path / "erasures.list").write_text(f"{anna.member} 2026-01-01T00:00:00Z\n")

    assert kept.repeat(chain.centre, chain.centre.clock.now()) == 0
    assert show(chain.centre, anna.member).person is not None


def test_a_list_that_a_power_cut_has_torn_goes_on(
    chain: Chain, anna: Registered, tmp_path: Path
) -> None:
    other = chain.member(0, "+79160000003")
    file = tmp_path / "erasures.list"
    file.write_text(f"{other.member} 2026-01-01T00:00:00Z\n{str(anna.member)[:20]}")
    erase_member(chain.centre, anna.member, WORD)

    assert ErasedList(file).keep(chain.centre, chain.centre.clock.now()) == 1
    assert set(ErasedList(file).members()) == {anna.member, other.member}
    assert file.read_text().endswith("Z\n")


def test_journals_stay_whole_and_so_do_his_receipts_and_points(
    chain: Chain, anna: Registered
) -> None:
    erase_member(chain.centre, anna.member, WORD)
    follow(chain)

    store = chain.stores[0].station
    with reading(store.journal) as connection:
        kept = facts.facts_from(connection, store.identity.agent, 1, 1, 100)
    assert all(is_intact(fact) for fact in kept)
    assert "receipt.committed" in {fact.kind for fact in kept}
    assert [fact.personal for fact in kept if fact.kind == "member.registered"] == [b""]
    ((account, balance),) = show(chain.centre, anna.member).accounts
    assert (account.receipts, balance > 0) == (1, True)
    assert chain.stores[0].sell() is not None
    chain.sync()


def test_an_edit_that_comes_later_is_taken_without_what_it_says(
    chain: Chain, anna: Registered
) -> None:
    there = chain.stores[1]
    there.cut()
    edited(there, anna.member, name="Анна Иванова", phone=OTHER_PHONE)
    erase_member(chain.centre, anna.member, WORD)

    chain.heal()
    follow(chain)

    assert told_words(chain)["adjusted"] == 1
    assert [told_by(path) for path in files(chain)] == [[]] * 5
    assert show(chain.centre, anna.member).edits == ()


def test_nothing_is_done_with_him_any_more(chain: Chain, anna: Registered) -> None:
    erase_member(chain.centre, anna.member, WORD)

    with pytest.raises(ErasedMemberError):
        verify_phone(chain.centre, anna.member, WORD)
    with pytest.raises(ErasedMemberError):
        erase_member(chain.centre, anna.member, WORD)


def test_who_has_only_claimed_his_phone_lives_on_alone(chain: Chain, anna: Registered) -> None:
    """Another one may have registered this number, under a name like it: he is not erased."""
    there = chain.stores[1]
    there.cut()
    chain.stores[0].cut()
    order = Registration(there.uid(), b"content", "Анна П", OTHER_PHONE, "v1", cashier="7")
    other = register(there.station, order, there.machine.clock.now())
    edited(chain.stores[0], anna.member, phone=OTHER_PHONE)
    chain.heal()
    assert show(chain.centre, other.member).member.merged_into == anna.member

    gone = erase_member(chain.centre, anna.member, WORD)
    follow(chain)

    assert gone == (anna.member,)
    assert show(chain.centre, other.member).member.display_name == "Анна П."
    for store in chain.stores:
        assert [one.standing.display_name for one in find(store.station, other.card)] == ["Анна П."]


def test_he_is_found_by_his_number_as_a_new_person(chain: Chain, anna: Registered) -> None:
    erase_member(chain.centre, anna.member, WORD)
    follow(chain)

    again = chain.member(0)

    assert again.member != anna.member
    assert not chain.conflicts()


def test_how_many_stores_have_followed_is_told(chain: Chain, anna: Registered) -> None:
    erase_member(chain.centre, anna.member, WORD)
    here, there = chain.stores
    here.sync()
    erasing.follow(here.station)
    for store in chain.stores:
        who = store.station.identity
        reports.take(
            chain.centre,
            AgentIdentity(who.agent, who.epoch, who.store),
            encode(compose(store.station)),
        )

    with reading(chain.centre.engine) as connection:
        (found,) = progress(connection, 10)

    assert (found.erasure.member, found.done, found.stores) == (anna.member, 1, 2)
    assert found.late == (there.code,)


def test_all_that_is_known_of_him_can_be_told_to_himself(chain: Chain, anna: Registered) -> None:
    told = json.dumps(profile_of(chain.centre, anna.member), ensure_ascii=False)
    receipts = list(receipts_of(chain.centre, anna.member))

    assert FAMILY in told
    assert PHONE in told
    (sold,) = receipts
    assert (sold["kind"], sold["store"]) == ("receipt.committed", chain.stores[0].code)
