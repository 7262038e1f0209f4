"""HTTP of ingest: agents push facts, and ask for sales to take back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from central.agents.routes import centre_of, message, signed_request
from central.centre import Centre
from central.ingest.asking import tell_sale
from central.ingest.service import push
from shared.crypto.requests import SignedRequest

router = APIRouter(prefix="/v1", tags=["ingest"])


@router.post("/facts")
def post_facts(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Take a batch of facts of the sender's journal."""
    return message(push(centre, signed))


@router.post("/receipts/asks")
def post_sale_ask(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Tell the sender of a sale of the chain."""
    return message(tell_sale(centre, signed))
