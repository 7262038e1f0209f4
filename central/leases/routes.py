"""HTTP of leases: agents ask for points for one receipt."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from central.agents.routes import centre_of, message, signed_request
from central.centre import Centre
from central.leases.service import ask
from shared.crypto.requests import SignedRequest

router = APIRouter(prefix="/v1/leases", tags=["leases"])


@router.post("/asks")
def post_ask(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Lease points to the sender for one receipt."""
    return message(ask(centre, signed))
