"""Short words for certificates at the centre: made and released, sold, paid with."""

from datetime import date

from central.bearers.certificates import release
from central.bearers.issuing import Order, make, order, sheets
from central.bearers.minting import index_of
from central.centre import Centre
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.rules.result import Draw
from shared.tokens import tail_of
from shared.wire.facts import Issued
from tests.central.journal_builder import Journal

NOMINAL = 1_000_00


def made(centre: Centre, wanted: Order) -> list[str]:
    """Make a batch; return its codes as they are written for people."""
    batch = make(centre, order(centre, wanted).no)
    return [one.code for one in sheets(centre, batch.no)]


def on_sale(
    centre: Centre, count: int = 1, nominal_minor: int = NOMINAL, store: str = ""
) -> list[str]:
    """Make a batch and let stores sell it; return its codes."""
    batch = make(centre, order(centre, Order(count, nominal_minor, store=store)).no)
    release(centre, batch.no)
    return [one.code for one in sheets(centre, batch.no)]


def issued(
    centre: Centre,
    journal: Journal,
    code: str,
    amount: int = NOMINAL,
    expires_on: date | None = None,
) -> Issued:
    """A certificate as the sale that activates it states it."""
    index = index_of(centre, Bearer.CERTIFICATE, code)
    account = bearer_account(Bearer.CERTIFICATE, index)
    return Issued(
        bearer=Bearer.CERTIFICATE,
        index=index,
        tail=tail_of(code),
        lot=bearer_lot(account),
        account=account,
        amount=amount,
        activates_at=journal.clock.now(),
        expires_on=expires_on,
        line_no=1,
    )


def drawn(one: Issued, amount: int) -> Draw:
    """A payment with a certificate."""
    return Draw(one.lot, one.account, amount)
