"""Signing in: what lets somebody in, what does not, and when a session is over."""

import pytest

from central.centre import Centre
from central.people import service, sessions
from central.people.roles import Right, Role
from central.people.sessions import PAUSE, WRONG_MAX, WrongSignInError
from central.trail import store as trail
from shared.runtime.sqlite import reading
from tests.central.app.kit import SetClock
from tests.central.people.kit import PASSWORD, Staff

ANNA = "anna"


def deeds(centre: Centre) -> list[str]:
    with reading(centre.engine) as connection:
        return [step.deed for step in trail.after(connection, 0)]


@pytest.fixture
def anna(staff: Staff) -> str:
    return staff.add(ANNA, Role.SUPPORT)


def test_password_and_code_let_in_once(centre: Centre, staff: Staff, anna: str) -> None:
    code = staff.code(anna)

    opened = staff.enter(anna, code=code)

    here = sessions.present(centre, opened.token)
    assert here is not None
    assert here.who.login == anna
    assert here.may(Right.CORRECT)
    with pytest.raises(WrongSignInError):
        staff.enter(anna, code=code)
    assert deeds(centre) == [sessions.SIGNED_IN, sessions.REFUSED]


def test_a_code_older_than_one_that_was_used_is_not_taken(
    clock: SetClock, staff: Staff, anna: str
) -> None:
    older = staff.code(anna)
    clock.go(seconds=30)
    staff.enter(anna)

    with pytest.raises(WrongSignInError):
        staff.enter(anna, code=older)


def test_a_code_of_the_period_before_is_taken(clock: SetClock, staff: Staff, anna: str) -> None:
    code = staff.code(anna)
    clock.go(seconds=30)

    assert staff.enter(anna, code=code).who.login == anna


def test_a_code_of_two_periods_before_is_not(clock: SetClock, staff: Staff, anna: str) -> None:
    code = staff.code(anna)
    clock.go(seconds=60)

    with pytest.raises(WrongSignInError):
        staff.enter(anna, code=code)


@pytest.mark.parametrize(("login", "password"), [(ANNA, "wrong"), ("nobody", PASSWORD), ("", "")])
def test_what_is_wrong_is_not_told(staff: Staff, anna: str, login: str, password: str) -> None:
    with pytest.raises(WrongSignInError) as refused:
        staff.enter(login, password, staff.code(anna))

    assert refused.value.sentence("en") == WrongSignInError(most=WRONG_MAX, minutes=15).sentence(
        "en"
    )


def test_wrong_tries_close_the_door_and_time_opens_it(
    centre: Centre, clock: SetClock, staff: Staff, anna: str
) -> None:
    for _ in range(WRONG_MAX):
        with pytest.raises(WrongSignInError):
            staff.enter(anna, "wrong")

    with pytest.raises(WrongSignInError):
        staff.enter(anna)

    assert deeds(centre) == [sessions.REFUSED] * WRONG_MAX
    clock.at += PAUSE
    assert staff.enter(anna).who.login == anna


def test_a_session_ends_when_it_is_not_used_and_in_any_case(
    centre: Centre, clock: SetClock, staff: Staff, anna: str
) -> None:
    idle = staff.enter(anna).token
    clock.go(seconds=centre.settings.console_idle_s)
    used = staff.enter(anna).token

    assert sessions.present(centre, idle) is None
    for _ in range(centre.settings.console_session_s // 1200 - 1):
        clock.go(seconds=1200)
        assert sessions.present(centre, used) is not None
    clock.go(seconds=1200)
    assert sessions.present(centre, used) is None
    assert sessions.tidy(centre, clock.now()) == 2


def test_signing_in_ends_the_session_that_the_browser_had(
    centre: Centre, clock: SetClock, staff: Staff, anna: str
) -> None:
    former = staff.enter(anna).token
    clock.go(seconds=30)

    now = sessions.sign_in(centre, anna, PASSWORD, staff.code(anna), former)

    assert sessions.present(centre, former) is None
    assert sessions.present(centre, now.token) is not None


def test_a_closed_account_is_out_at_once_and_stays_out(
    centre: Centre, clock: SetClock, staff: Staff, anna: str
) -> None:
    token = staff.enter(anna).token
    service.disable(centre, anna)
    clock.go(seconds=30)

    assert sessions.present(centre, token) is None
    with pytest.raises(WrongSignInError):
        staff.enter(anna)


def test_a_first_password_is_good_for_choosing_another(centre: Centre, staff: Staff) -> None:
    ticket = service.add(centre, "boris", "Борис", Role.OPERATOR)
    opened = staff.enter("boris", ticket.password)
    here = sessions.present(centre, opened.token)
    assert here is not None
    assert [right for right in Right if here.may(right)] == [Right.OWN]

    service.change_password(centre, "boris", ticket.password, PASSWORD)

    assert sessions.present(centre, opened.token) is None


@pytest.mark.parametrize("new", ["short", "boris " * 3, "x" * 129])
def test_a_weak_password_is_refused(centre: Centre, new: str) -> None:
    ticket = service.add(centre, "boris", "Борис", Role.OPERATOR)

    with pytest.raises(service.WeakPasswordError):
        service.change_password(centre, "boris", ticket.password, new)
    with pytest.raises(service.WrongPasswordError):
        service.change_password(centre, "boris", "not this one", PASSWORD)


def test_what_is_kept_tells_no_password_code_or_token(centre: Centre, staff: Staff) -> None:
    from tests.central.chain_kit import dump

    ticket = service.add(centre, "boris", "Борис", Role.OPERATOR)
    opened = staff.enter("boris", ticket.password)

    kept = repr(dump(centre))
    assert "boris" in kept
    secret = ticket.code_uri.partition("secret=")[2].partition("&")[0]
    for told in (ticket.password, opened.token, secret):
        assert told not in kept
