"""Stores ask for a sale of the chain, to take it back: the sale, and what has come back of it."""

from central.agents.service import UnknownAgentError, authenticate
from central.centre import Centre
from central.ingest import store
from central.ingest.loading import sales_of
from shared.crypto.requests import SignedRequest
from shared.runtime.sqlite import reading
from shared.wire.agents import SaleAnswer, ToldReturn, decode_sale_ask
from shared.wire.codec import encode
from shared.wire.facts import FactKind
from shared.wire.taken_back import ReceiptVoided

NOTHING = SaleAnswer("", b"", ())


def tell_sale(centre: Centre, signed: SignedRequest) -> SaleAnswer:
    """Return a posted sale with its posted returns; an empty answer if there is none.

    Raises UnknownAgentError for a request in another's name, MalformedError, and as `authenticate`
    does.
    """
    sender = authenticate(centre, signed)
    asked = decode_sale_ask(signed.body)
    if asked.agent != sender.agent:
        raise UnknownAgentError
    with reading(centre.engine) as connection:
        documents = store.documents(connection, {asked.receipt}, {asked.receipt})
        sales, returns, _ = sales_of(connection, {asked.receipt}, documents)
    sale = sales.get(asked.receipt)
    if sale is None:
        return NOTHING
    told = tuple(
        ToldReturn(
            FactKind.RECEIPT_VOIDED
            if isinstance(one, ReceiptVoided)
            else FactKind.RECEIPT_RETURNED,
            encode(one),
        )
        for one in returns.get(asked.receipt, ())
    )
    return SaleAnswer(sale.receipt.store, encode(sale), told)
