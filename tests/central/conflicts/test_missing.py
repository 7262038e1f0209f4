"""What is missing leaves a record that closes itself when it comes; what began anew leaves one."""

from dataclasses import replace

from central.centre import Centre
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Role
from central.leases import recovery
from central.leases.epochs import begin_epoch
from shared.crypto.keys import KeyPair
from shared.ids import derived
from shared.wire.agents import EpochRequest
from shared.wire.codec import encode
from shared.wire.facts import FactKind, HeldLease, LeasesReported
from tests.central.chain_kit import balance, conflicts, kinds
from tests.central.journal_builder import Journal, Person


def the_one(centre: Centre) -> Conflict:
    (found,) = conflicts(centre)
    return found


def test_a_return_before_its_sale_is_told_until_the_sale_comes(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[30_00], kept=0)
    back = other.take_back(sold, taken=[(sold.lots[0], 10_00)])
    other.push()
    other.push()

    told = the_one(centre)
    assert (told.kind, told.state) == (ConflictKind.EARLY_RETURN, ConflictState.OPEN)
    assert (told.named(Role.STORE), told.ids(Role.FACT)) == (("102",), (back.id,))
    assert sold.uid in told.ids(Role.DOCUMENT)

    journal.push()

    assert the_one(centre).state is ConflictState.RESOLVED
    assert kinds(other.push().outcomes) == ["accepted"]


def test_a_return_that_comes_with_its_sale_is_nothing_to_tell(
    centre: Centre, journal: Journal
) -> None:
    sold = journal.sell(None)
    journal.take_back(sold)
    journal.push()

    assert conflicts(centre) == []


def test_an_unknown_card_is_a_provisional_member_told_until_he_registers(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    for _ in range(2):
        other.sell(person, earn=[10_00])
    other.push()

    told = the_one(centre)
    assert (told.kind, told.state) == (ConflictKind.UNKNOWN_MEMBER, ConflictState.OPEN)
    assert (told.subject, told.named(Role.STORE)) == (person.member, ("102",))
    assert balance(centre, person.account) == 20_00

    journal.push()

    assert the_one(centre).state is ConflictState.RESOLVED
    assert balance(centre, person.account) == 20_00


def test_a_registration_in_the_same_batch_leaves_nothing(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    journal.sell(person, earn=[10_00])
    journal.push()

    assert conflicts(centre) == []


def test_an_agent_that_begins_anew_is_told_once(centre: Centre, journal: Journal) -> None:
    key = KeyPair.from_seed(b"n" * 32).public
    request = EpochRequest(journal.agent, 1, key, "restored")
    for _ in range(2):
        begin_epoch(centre, journal.signed("/v1/epochs", encode(request)))

    told = the_one(centre)
    assert (told.kind, told.subject) == (ConflictKind.NEW_EPOCH, journal.agent)
    assert (told.named(Role.STORE), told.named(Role.FACT)) == (("101",), ())
    assert "epoch 2" in told.sentence.en
    assert "папку агента вернули из копии" in told.sentence.ru


def test_a_restored_centre_is_told_until_its_stores_have_reported(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    journal.push()
    life = recovery.begin(centre)

    told = the_one(centre)
    assert (told.kind, told.subject) == (ConflictKind.CENTRE_RESTORED, life)
    assert (told.state, told.named(Role.STORE)) == (ConflictState.OPEN, ("101",))

    _report(centre, journal, person)
    recovery.run(centre, centre.clock.now())

    assert the_one(centre).state is ConflictState.RESOLVED


def _report(centre: Centre, journal: Journal, person: Person) -> None:

    life = the_one(centre).subject
    journal.centre = replace(centre, incarnation=life)
    held = (HeldLease(derived("no lot"), person.account, 1),)
    body = LeasesReported(life, held, 0, journal.clock.now())
    journal.append(FactKind.LEASES_REPORTED, body)
    journal.push()
