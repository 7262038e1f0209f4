"""Members at the screen: registered in two fields with consent, their profiles edited."""

from datetime import date

from agent.leases.standing import standing
from agent.members import service as members
from agent.members.edit import ProfileEdit, edit
from agent.members.service import Found, Registration
from agent.screen import desk as panels
from agent.screen.act import Act
from agent.screen.desk import new_uid
from agent.screen.header import local
from agent.screen.selling import NamedOnlyError
from agent.screen.typed import day
from agent.screen.words import WORDS
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.profile import checked_birthday
from shared.rules.wording import Wording
from shared.runtime.sqlite import reading
from shared.wire.codec import encode


class ConsentNeededError(LoyaltyError):
    """A registration without the person's consent."""

    kind = Kind.INVALID
    code = "consent_needed"
    ru = "Без согласия покупателя регистрация невозможна: спросите его и отметьте согласие."
    en = "Nobody is registered without consent: ask the customer and tick the box."


def open_registration(act: Act) -> None:
    """Show the form of a registration, under a uid of its own."""
    act.desk.form_uid = new_uid(act.station)
    act.desk.typed = {"phone": act.text("phone"), "name": act.text("name")}
    act.desk.show(panels.REGISTER)


def register(act: Act) -> None:
    """Register a member who then is the buyer; raises ConsentNeededError, BadDayError,
    BadBirthdayError, and as `register` does."""
    desk = act.desk
    if not act.text("consent"):
        raise ConsentNeededError
    name, phone, referrer = act.text("name"), act.text("phone"), act.text("referrer")
    born = _birthday(act)
    done = members.register(
        act.station,
        Registration(
            uid=act.uid("uid"),
            content=digest(encode([name, phone, referrer, str(born)])),
            name=name,
            phone=phone,
            consent=act.station.settings.screen_consent,
            till=desk.till,
            cashier=act.cashier,
            birthday=born,
            referrer=referrer,
        ),
        act.at,
    )
    if desk.sale.claim is None:
        with reading(act.station.journal) as connection:
            who = standing(act.station, connection, done.member)
        desk.sale.serve(Found(who, done.card[-4:], done.account))
    known = WORDS["member_existing" if done.state == "existing" else "member_registered"]
    desk.tell("done", Wording(f"{known.ru} {done.card}", f"{known.en} {done.card}"))
    desk.show(panels.SALE)


def open_profile(act: Act) -> None:
    """Show the form in which the buyer's profile is edited; raises NamedOnlyError."""
    if _is_known(act):
        act.desk.form_uid = new_uid(act.station)
        act.desk.show(panels.PROFILE)


def edit_profile(act: Act) -> None:
    """Edit what was typed of the buyer's profile and leave the rest; a second tap repeats it.

    Raises NamedOnlyError, BadDayError, and what `edit` does.
    """
    desk, sale = act.desk, act.desk.sale
    if not _is_known(act) or sale.member is None:
        return
    typed = {name: act.text(name) for name in ("name", "phone", "email")}
    born = _birthday(act)
    done = edit(
        act.station,
        ProfileEdit(
            uid=act.uid("uid"),
            content=digest(encode([*typed.values(), str(born)])),
            member=sale.member,
            account=sale.account,
            **typed,
            birthday=born,
            cashier=act.cashier,
        ),
        act.at,
    )
    desk.tell("done", WORDS["profile_edited"])
    if done.stays:
        desk.tell("warning", WORDS["profile_stays"])
    if done.shared:
        desk.tell("warning", WORDS["profile_shared"])
    desk.show(panels.SALE)


def _is_known(act: Act) -> bool:
    """Tell whether there is a buyer; raises NamedOnlyError for one who was found by name alone:
    with another phone he would be somebody else."""
    sale = act.desk.sale
    if sale.is_named:
        raise NamedOnlyError
    return sale.member is not None


def _birthday(act: Act) -> date | None:
    text = act.text("birthday")
    if not text:
        return None
    return checked_birthday(day(text), local(act.station, act.at).date())
