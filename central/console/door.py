"""The door: signing in and out, and what somebody changes of his own account."""

from zoneinfo import available_timezones

from central.console.ask import HOME, SIGN_IN, Answer, Ask, Go, NoSuchPageError, Page
from central.console.pages import moment
from central.people import service, sessions
from central.people.secrets import PASSWORD_MIN


def sign_in_page(ask: Ask) -> Page:
    """Ask for login, password and code."""
    return Page("sign_in", {"next": _next(ask)})


def sign_in(ask: Ask) -> Answer:
    """Let somebody in and lead him where he wanted to go; raises WrongSignInError."""
    opened = sessions.sign_in(
        ask.centre, ask.text("login"), ask.form.get("password", ""), ask.text("code"), ask.token
    )
    return Go(_next(ask), token=opened.token)


def sign_out(ask: Ask) -> Answer:
    """End the session."""
    sessions.sign_out(ask.centre, ask.me)
    return Go(SIGN_IN, token="")


def me(ask: Ask) -> Page:
    """Show somebody his account and his sessions."""
    zones = sorted(zone for zone in available_timezones() if "/" in zone and "Etc" not in zone)
    here = ask.me.token_hash
    opened = [
        (moment(ask, one.began_at), moment(ask, one.seen_at), one.token_hash == here)
        for one in sessions.every(ask.centre, ask.me)
    ]
    return Page("me", {"least": PASSWORD_MIN, "zones": zones, "sessions": opened})


def end_others(ask: Ask) -> Answer:
    """End somebody's other sessions."""
    sessions.end_others(ask.centre, ask.me)
    return Go("/console/me", "others_ended")


def change_password(ask: Ask) -> Answer:
    """Let somebody have a password of his own; he signs in again."""
    old, new = ask.form.get("old", ""), ask.form.get("new", "")
    service.change_password(ask.centre, ask.me.who.login, old, new)
    return Go(SIGN_IN, "password", token="")


def choose(ask: Ask) -> Answer:
    """Keep somebody's language and time zone."""
    service.choose(ask.centre, ask.me.who.login, ask.text("language"), ask.text("zone"))
    return Go("/console/me", "saved")


def home(_ask: Ask) -> Answer:
    """Lead to the first page."""
    return Go("/console/fleet")


def nowhere(ask: Ask) -> Answer:
    """Say that an address leads nowhere; raises NoSuchPageError."""
    raise NoSuchPageError(what=ask.path["page"][:60])


def _next(ask: Ask) -> str:
    wanted = ask.form.get("next") or ask.query.get("next", "")
    is_ours = wanted.startswith(HOME) and "\\" not in wanted and "//" not in wanted
    return wanted if is_ours else HOME
