"""What the slip of a registration tells: the new card, ready to be scanned."""

from collections.abc import Sequence
from uuid import UUID

from agent.journal.newcomers import Newcomer
from agent.printing import parts
from agent.printing.parts import Paper
from shared.member import LotView
from shared.points import format_points
from shared.rules.moment import Moment
from shared.rules.result import OnceGrant
from shared.rules.sentences import spoken
from shared.rules.slip_fill import Told, Values
from shared.slip import Slip


def registration_slip(
    paper: Paper,
    newcomer: Newcomer,
    card: str,
    grants: Sequence[OnceGrant],
    moment: Moment,
    slip_id: UUID,
) -> Slip:
    """Compose the paper that serves as a card until the member has another."""
    zone, points = paper.settings.zone, parts.points_of(map(_lot, grants), moment)
    given: list[Values] = [
        {"title": spoken(grant.applied, paper.lang), "points": format_points(grant.amount)}
        for grant in grants
    ]
    told = Told(
        {
            **parts.shop(paper),
            "member": newcomer.display_name,
            "card": parts.masked_card(newcomer.card_tail),
            "card_code": card,
            "at": parts.when(moment.instant, zone),
            **parts.balance(points, zone, None),
        },
        {**parts.lots(points, zone), "grants": given},
    )
    return paper.slip("registration", told, slip_id)


def _lot(grant: OnceGrant) -> LotView:
    return LotView(
        grant.lot, grant.account, grant.wallet, grant.amount, grant.activates_at, grant.expires_on
    )
