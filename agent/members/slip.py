"""The slip of a registration: the new card, ready to be scanned."""

from collections.abc import Sequence
from uuid import UUID

from agent.journal.newcomers import Newcomer
from agent.printing import parts
from shared.member import LotView
from shared.points import format_points
from shared.rules.moment import Moment
from shared.rules.result import OnceGrant
from shared.slip import Align, Barcode, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.rows import SettingsRow


def registration_slip(
    settings: SettingsRow,
    newcomer: Newcomer,
    card: str,
    grants: Sequence[OnceGrant],
    moment: Moment,
    slip_id: UUID,
) -> Slip:
    """Compose the paper that serves as a card until the member has another."""
    blocks = (
        *parts.header(settings),
        Text("Вы участник программы", Align.CENTER, Weight.BOLD),
        Row("Участник", newcomer.display_name),
        Row("Карта", parts.masked_card(newcomer.card_tail)),
        Row("Дата", parts.when(moment.instant, settings.zone)),
        *(Row(grant.applied.ru, format_points(grant.amount)) for grant in grants),
        *parts.balance(parts.points_of(map(_lot, grants), moment), settings.zone, None),
        Divider(),
        Text("Покажите этот код на кассе:", Align.CENTER),
        Barcode(card),
        *parts.footer(),
    )
    return Slip(slip_id, SlipKind.REGISTRATION, blocks)


def _lot(grant: OnceGrant) -> LotView:
    return LotView(
        grant.lot, grant.account, grant.wallet, grant.amount, grant.activates_at, grant.expires_on
    )
