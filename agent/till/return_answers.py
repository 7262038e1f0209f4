"""What tills get when goods come back: money, points and level, as they move."""

from uuid import UUID

from pydantic import BaseModel

from agent.till.answers import Answer
from agent.till.receipt_answers import CommittedAnswer, QuoteAnswer


class ReturnedLineAnswer(BaseModel):
    """What goes back with a line."""

    no: int
    quantity: int
    money_minor: int
    restored_points: int
    taken_points: int


class CertificateBackAnswer(BaseModel):
    """Kopecks that go back to a certificate, by the end of its code."""

    tail: str
    amount_minor: int


class TierEffectAnswer(BaseModel):
    """The member's level now and after a return; `counted` in the metric's running period."""

    before: str
    after: str
    metric: str
    counted_before: int
    counted_after: int
    turnover_before_minor: int
    turnover_after_minor: int


class ReturnMoney(BaseModel):
    """What a return moves: it balances with the sale to the kopeck.

    What the lines say in money = `money_minor` + `withheld_minor` + `recharged_minor` + what goes
    to certificates. Of `restored_points` the `lapsed_points` do not come back. Of `taken_points`
    `withheld_points` lower the money, `forgiven_points` stay and `debt_points` are owed; the rest
    goes out of the customer's lots.
    """

    money_minor: int
    restored_points: int
    lapsed_points: int
    taken_points: int
    debt_points: int
    withheld_minor: int
    withheld_points: int
    forgiven_points: int
    recharged_minor: int
    certificates: list[CertificateBackAnswer]
    provisional: bool
    """By the slip of another store alone: the centre moves the points when it has the sale."""


class PreviewAnswer(ReturnMoney, Answer):
    """What a return would move, and what it does to the member's level."""

    receipt: UUID
    lines: list[ReturnedLineAnswer]
    tier: TierEffectAnswer | None


class ReturnedAnswer(ReturnMoney, Answer):
    """A return that is durable."""

    uid: UUID
    receipt: UUID
    fact: UUID
    slip: UUID


class ExchangePreviewAnswer(Answer):
    """What an exchange would do: the goods that come back, and the new ones, priced after that.

    `difference_minor` = what the new goods cost less the refund: above zero the customer pays it,
    below zero he gets it. `credit_minor` of the refund pays for the new goods.
    """

    returned: PreviewAnswer
    sale: QuoteAnswer
    credit_minor: int
    difference_minor: int


class ExchangedAnswer(Answer):
    """Both documents of an exchange, durable; each names the other."""

    uid: UUID
    returned: ReturnedAnswer
    sale: CommittedAnswer
    credit_minor: int
    difference_minor: int


class VoidedAnswer(Answer):
    """A receipt that counts no more; what of its points is spent already is debt."""

    uid: UUID
    receipt: UUID
    state: str
    fact: UUID
    slip: UUID
    money_minor: int
    restored_points: int
    taken_points: int
    debt_points: int
    certificates: list[CertificateBackAnswer]
