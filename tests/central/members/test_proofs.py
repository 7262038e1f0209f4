"""One-time codes: who types what was sent to a phone or an address has shown that it is his."""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from central.centre import Centre
from central.conflicts.service import NoNoteError, Word
from central.members.merging import NoPhoneError, UnknownMemberError
from central.members.profiles import Proposal, VerifiedFieldError
from central.members.proof_store import Proof, latest
from central.members.proving import (
    A_DAY_MAX,
    FAILURES_MAX,
    LIFE,
    PAUSE,
    Letter,
    NoAddressError,
    NoCodeError,
    NotProvableError,
    OtherContactError,
    TooManyCodesError,
    WrongCodeError,
)
from central.members.store import IdentifierState
from central.settling.couriers import (
    Courier,
    NoCourierError,
    NotSentError,
    Outbox,
    Webhook,
    courier_of,
)
from central.settling.erasing import erase_member
from central.settling.lookup import living, show
from central.settling.people import edit_member, values_of
from central.settling.proofs import confirm_code, send_code
from central.settling.timeline import timeline
from shared.ids import derived
from shared.member import ProfileField
from shared.phone import BadPhoneError
from shared.profile import BadEmailError
from shared.runtime.sqlite import reading
from tests.central.chain_kit import dump
from tests.central.journal_builder import Journal, Person
from tests.central.members.test_merging import member_rows, ways

WORD = Word("Ольга", "код")
PHONE, EMAIL = ProfileField.PHONE, ProfileField.EMAIL
ADDRESS = "anna@example.ru"


@dataclass
class Pocket:
    """A courier who keeps what he is to bring."""

    letters: list[Letter] = field(default_factory=list)

    def bring(self, letter: Letter, text: str) -> None:
        assert letter.code in text
        self.letters.append(letter)

    @property
    def code(self) -> str:
        return self.letters[-1].code

    @property
    def wrong(self) -> str:
        """A code that nobody was sent."""
        return f"{(int(self.code) + 1) % 10**6:06}"


@pytest.fixture
def pocket() -> Pocket:
    return Pocket()


def sent(centre: Centre, person: Person) -> list[Proof]:
    with reading(centre.engine) as connection:
        return latest(connection, [person.member], A_DAY_MAX)


def anna(centre: Centre, journal: Journal, *, address: str = "") -> Person:
    person, _ = journal.register(name="Анна")
    journal.push_new()
    if address:
        edit_member(centre, person.member, Proposal({EMAIL: address}, verified=False), WORD)
    return person


@pytest.mark.capability("WINE-06")
def test_a_contact_is_in_one_form_or_refused_and_shown_to_be_his_by_a_code(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    """The address too, by a code in the place of a link: it can be read out at a till."""
    person = anna(centre, journal, address=ADDRESS)
    digits = person.phone[2:]
    written = f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"

    found = {living(centre, form) for form in (written, f"+7{digits}", f"7{digits}", digits)}
    for what in (PHONE, EMAIL):
        send_code(centre, person.member, what, WORD, pocket)
        confirm_code(centre, person.member, what, pocket.code, WORD)
        journal.clock.go(seconds=PAUSE.total_seconds())

    assert found == {person.member}
    counted = show(centre, person.member).counted
    shown = {what: (one.value, one.verified, one.actor) for what, one in counted.items()}
    assert shown[PHONE] == (person.phone, True, "sms code, Ольга")
    assert shown[EMAIL] == (ADDRESS, True, "e-mail code, Ольга")
    assert {one.at for one in counted.values()} <= {one.sent_at for one in sent(centre, person)}
    with pytest.raises(BadPhoneError, match="This is not a phone number"):
        values_of(centre, "", "8 (916) 123", "", None)
    with pytest.raises(BadEmailError, match="This is not an e-mail address"):
        values_of(centre, "", "", "anna@example", None)


def test_a_phone_whose_code_was_told_is_verified_with_source_and_time_everywhere(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)

    until = send_code(centre, person.member, PHONE, WORD, pocket)
    confirm_code(centre, person.member, PHONE, f" {pocket.code} ", WORD)

    assert until == centre.clock.now() + LIFE
    assert [one.to for one in pocket.letters] == [person.phone]
    shown = show(centre, person.member)
    (edit,) = shown.edits
    assert (edit.field, edit.value, edit.verified) == (PHONE, person.phone, True)
    assert (edit.actor, edit.at) == ("sms code, Ольга", centre.clock.now())
    phones = [one for one in shown.identifiers if one.tail == person.phone[-4:]]
    assert {one.state for one in phones} == {IdentifierState.VERIFIED}
    versions = member_rows(centre)[person.member].versions
    assert [(one.field, one.verified) for one in versions] == [("phone", True)]
    told = {one.what.value: one.text for one in timeline(centre, person.member)}
    assert told["proof.sent"] == "phone: Ольга"
    assert told["member.settled"] == "verified: sms code, Ольга, код"


def test_an_address_whose_code_was_told_is_verified_and_no_till_changes_it(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal, address=ADDRESS)

    send_code(centre, person.member, EMAIL, WORD, pocket)
    confirm_code(centre, person.member, EMAIL, pocket.code, WORD)

    assert [(one.field, one.to) for one in pocket.letters] == [(EMAIL, ADDRESS)]
    counts = show(centre, person.member).counted[EMAIL]
    assert (counts.value, counts.verified, counts.actor) == (ADDRESS, True, "e-mail code, Ольга")
    with pytest.raises(VerifiedFieldError):
        edit_member(centre, person.member, Proposal({EMAIL: "b@b.ru"}, verified=False), WORD)


def test_a_code_serves_once_and_only_its_member(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    other, _ = journal.register(name="Борис", phone="+79160000009")
    journal.push_new()
    send_code(centre, person.member, PHONE, WORD, pocket)

    with pytest.raises(NoCodeError):
        confirm_code(centre, other.member, PHONE, pocket.code, WORD)
    with pytest.raises(NoCodeError):
        confirm_code(centre, person.member, EMAIL, pocket.code, WORD)
    confirm_code(centre, person.member, PHONE, pocket.code, WORD)
    with pytest.raises(NoCodeError):
        confirm_code(centre, person.member, PHONE, pocket.code, WORD)


def test_tries_are_bounded_and_then_the_right_code_is_none(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    send_code(centre, person.member, PHONE, WORD, pocket)

    for left in reversed(range(FAILURES_MAX)):
        with pytest.raises(WrongCodeError, match=f"left: {left}"):
            confirm_code(centre, person.member, PHONE, pocket.wrong, WORD)

    with pytest.raises(NoCodeError):
        confirm_code(centre, person.member, PHONE, pocket.code, WORD)
    assert show(centre, person.member).edits == ()


def test_a_code_ends_and_a_newer_one_takes_its_place(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    send_code(centre, person.member, PHONE, WORD, pocket)
    journal.clock.go(seconds=PAUSE.total_seconds())
    send_code(centre, person.member, PHONE, WORD, pocket)
    first, second = (one.code for one in pocket.letters)
    assert first != second

    with pytest.raises(WrongCodeError):
        confirm_code(centre, person.member, PHONE, first, WORD)
    journal.clock.go(seconds=LIFE.total_seconds())

    with pytest.raises(NoCodeError):
        confirm_code(centre, person.member, PHONE, second, WORD)


def test_codes_are_sent_with_a_pause_and_so_many_a_day_to_a_member_and_to_a_phone(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    spouse, _ = journal.register(name="Борис", phone=person.phone)
    journal.push_new()
    send_code(centre, person.member, PHONE, WORD, pocket)
    for one in (person, spouse):
        with pytest.raises(TooManyCodesError):
            send_code(centre, one.member, PHONE, WORD, pocket)
    for _ in range(A_DAY_MAX - 1):
        journal.clock.go(seconds=PAUSE.total_seconds())
        send_code(centre, person.member, PHONE, WORD, pocket)

    journal.clock.go(seconds=PAUSE.total_seconds())
    for one in (person, spouse):
        with pytest.raises(TooManyCodesError):
            send_code(centre, one.member, PHONE, WORD, pocket)

    assert len(pocket.letters) == A_DAY_MAX
    journal.clock.go(seconds=timedelta(days=1).total_seconds())
    send_code(centre, person.member, PHONE, WORD, pocket)


def test_a_contact_that_was_changed_meanwhile_is_not_proved(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    send_code(centre, person.member, PHONE, WORD, pocket)
    edit_member(centre, person.member, Proposal({PHONE: "+79160000009"}, verified=False), WORD)

    with pytest.raises(OtherContactError):
        confirm_code(centre, person.member, PHONE, pocket.code, WORD)

    assert not any(one.verified for one in show(centre, person.member).edits)


def test_who_joined_by_a_phone_that_is_claimed_redeems_all_once_its_code_was_told(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    anna(centre, journal)
    again = anna(centre, journal)
    assert ways(centre)[again.card[-4:]].account == again.account

    send_code(centre, again.member, PHONE, WORD, pocket)
    confirm_code(centre, again.member, PHONE, pocket.code, WORD)

    assert ways(centre)[again.card[-4:]].account is None


def test_a_phone_of_his_own_shows_nobody_to_be_him_whose_phone_he_claimed(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    """Who registered your number, took one of his own since and shows that one spends nothing of
    yours, whatever else he has registered on it."""
    owner = anna(centre, journal)
    thief = anna(centre, journal)
    journal.edit(thief, account=thief.account, phone="+79160000009")
    twin, _ = journal.register(name="Анна", phone="+79160000009")
    journal.push_new()
    assert member_rows(centre)[twin.member].merged_into == owner.member

    for one in (thief, twin):
        send_code(centre, one.member, PHONE, WORD, pocket)
        confirm_code(centre, one.member, PHONE, pocket.code, WORD)
        journal.clock.go(seconds=PAUSE.total_seconds())

    assert {one.to for one in pocket.letters} == {"+79160000009"}
    assert show(centre, thief.member).counted[PHONE].verified
    limits = [ways(centre)[one.card[-4:]].account for one in (owner, thief, twin)]
    assert limits == [None, thief.account, twin.account]
    assert ways(centre)["0009"].account in (thief.account, twin.account)


def test_there_must_be_something_to_send_to(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    bare, _ = journal.register(name="Вера", phone="")
    journal.push_new()
    refused = [
        (person.member, EMAIL, NoAddressError),
        (person.member, ProfileField.NAME, NotProvableError),
        (bare.member, PHONE, NoPhoneError),
        (derived("nobody"), PHONE, UnknownMemberError),
    ]

    for member, what, refusal in refused:
        with pytest.raises(refusal):
            send_code(centre, member, what, WORD, pocket)
    with pytest.raises(NoNoteError):
        send_code(centre, person.member, PHONE, Word("", "x"), pocket)
    with pytest.raises(NoCourierError):
        send_code(centre, person.member, PHONE, WORD)

    assert pocket.letters == []
    assert dump(centre)["proof"] == []


def test_no_code_and_no_contact_is_kept_as_it_is_and_an_erased_member_has_none(
    centre: Centre, journal: Journal, pocket: Pocket
) -> None:
    person = anna(centre, journal)
    send_code(centre, person.member, PHONE, WORD, pocket)

    kept = str(dump(centre)["proof"])

    assert kept != "[]"
    assert pocket.code not in re.sub(r"datetime[^)]*\)", "", kept)
    assert person.phone[-10:] not in kept
    erase_member(centre, person.member, WORD)
    assert dump(centre)["proof"] == []


def test_a_gateway_that_does_not_answer_is_told_and_the_code_is_good_should_it_arrive(
    centre: Centre, journal: Journal
) -> None:
    person = anna(centre, journal)
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(503)

    gateway = Webhook("http://gateway/codes", httpx.MockTransport(answer))
    with pytest.raises(NotSentError):
        send_code(centre, person.member, PHONE, WORD, gateway)

    (told,) = asked
    assert (told["channel"], told["to"]) == ("sms", person.phone)
    assert told["code"] in told["text"]
    confirm_code(centre, person.member, PHONE, told["code"], WORD)


@pytest.fixture(params=["webhook", "outbox"])
def carried(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Courier, list[Path]]:
    """Both couriers, and where what they have brought is found."""
    brought = tmp_path / "brought"
    if request.param == "outbox":
        return Outbox(brought), [brought]

    def keep(asked: httpx.Request) -> httpx.Response:
        brought.mkdir(exist_ok=True)
        (brought / f"{json.loads(asked.content)['id']}.json").write_bytes(asked.content)
        return httpx.Response(204)

    return Webhook("http://gateway/codes", httpx.MockTransport(keep)), [brought]


def test_every_courier_brings_a_code_once_however_often_he_is_asked(
    carried: tuple[Courier, list[Path]],
) -> None:
    courier, (brought,) = carried
    letter = Letter(derived("letter"), EMAIL, ADDRESS, "001234")

    courier.bring(letter, "код 001234")
    courier.bring(letter, "код 001234")

    (file,) = brought.iterdir()
    assert json.loads(file.read_text()) == {
        "id": str(letter.id),
        "channel": "email",
        "to": ADDRESS,
        "code": "001234",
        "text": "код 001234",
    }


def test_codes_in_a_folder_are_for_the_eyes_of_their_owner(centre: Centre, tmp_path: Path) -> None:
    settings = centre.settings.model_copy(update={"code_outbox": tmp_path / "codes"})
    courier = courier_of(settings)

    courier.bring(Letter(derived("letter"), PHONE, "+79160000001", "001234"), "text")

    (file,) = (tmp_path / "codes").iterdir()
    assert file.stat().st_mode & 0o077 == 0
