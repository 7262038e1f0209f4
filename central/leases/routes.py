"""HTTP of leases: agents ask for points for one receipt, or for an epoch without any."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from central.agents.routes import WIRE_BODY, centre_of, message, signed_request
from central.centre import Centre
from central.leases.epochs import begin_epoch
from central.leases.service import ask
from shared.crypto.requests import SignedRequest

router = APIRouter(prefix="/v1", tags=["leases"])


@router.post("/epochs", openapi_extra=WIRE_BODY)
def post_epoch(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """End the sender's epoch with its leases and begin the next."""
    return message(begin_epoch(centre, signed), 201)


@router.post("/leases/asks", openapi_extra=WIRE_BODY)
def post_ask(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Lease points to the sender for one receipt."""
    return message(ask(centre, signed))
