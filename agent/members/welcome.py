"""What the programme gives a person for joining it."""

from agent.journal.newcomers import Newcomer
from agent.packs import NoPackError
from agent.quote.service import effective_pack
from agent.station import Station
from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.moment import Moment
from shared.rules.phases.once import grants_due
from shared.rules.result import OnceGrant


def welcome(
    station: Station, newcomer: Newcomer, moment: Moment, till: str
) -> tuple[OnceGrant, ...]:
    """Return what the programme gives for a registration; nothing while there is no programme."""
    try:
        settings, pack = effective_pack(station, moment.instant)
    except NoPackError:
        return ()
    view = MemberView(
        id=newcomer.member,
        account=newcomer.account,
        registered_on=newcomer.registered_on,
        birthday=newcomer.birthday,
        person=newcomer.phone_index,
    )
    store = station.identity.store
    here = Receipt(newcomer.member, store, till, (), newcomer.member, region=settings.region)
    return grants_due(pack, view, here, moment, "registration")
