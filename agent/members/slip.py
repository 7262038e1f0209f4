"""The slip of a registration: the new card, ready to be scanned."""

from datetime import datetime
from uuid import UUID

from agent.journal.newcomers import Newcomer
from agent.printing import parts
from agent.printing.parts import Points
from shared.slip import Align, Barcode, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.feed import SettingsRow


def registration_slip(
    settings: SettingsRow, newcomer: Newcomer, card: str, at: datetime, slip_id: UUID
) -> Slip:
    """Compose the paper that serves as a card until the member has another."""
    blocks = (
        *parts.header(settings),
        Text("Вы участник программы", Align.CENTER, Weight.BOLD),
        Row("Участник", newcomer.display_name),
        Row("Карта", parts.masked_card(newcomer.card_tail)),
        Row("Дата", parts.when(at, settings.zone)),
        *parts.balance(Points(0, 0, (), ()), settings.zone, None),
        Divider(),
        Text("Покажите этот код на кассе:", Align.CENTER),
        Barcode(card),
        *parts.footer(),
    )
    return Slip(slip_id, SlipKind.REGISTRATION, blocks)
