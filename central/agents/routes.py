"""HTTP of agents: enrolment, sessions, and the dependencies that tell other routes who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from central.agents import reports
from central.agents.enrolment import enrol
from central.agents.service import (
    AgentIdentity,
    SessionClaim,
    authenticate,
    authenticate_session,
)
from central.agents.sessions import StandingOf, open_session
from central.centre import Centre
from shared.crypto.requests import SignedRequest
from shared.wire.codec import CONTENT_TYPE, encode

router = APIRouter(prefix="/v1", tags=["agents"])

WIRE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A message of `shared.wire`, signed (RFC 9421).",
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""How the centre's description of itself shows the body of a signed request."""


@dataclass(frozen=True, slots=True)
class SignedBody:
    """A signed request's sender and body."""

    sender: AgentIdentity
    body: bytes


@dataclass(frozen=True, slots=True)
class SessionUse:
    """Who sent a request without a body, and when its session ends."""

    sender: AgentIdentity
    expires_at: datetime


def centre_of(request: Request) -> Centre:
    """Return what use cases are given."""
    centre: Centre = request.app.state.centre
    return centre


async def signed_request(request: Request) -> SignedRequest:
    """Read a request with its body as it was signed."""
    return SignedRequest(
        request.method, target_of(request), dict(request.headers), await request.body()
    )


def signed_by(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> SignedBody:
    """Authenticate a writing request by its signature; a dependency for routes."""
    return SignedBody(authenticate(centre, signed), signed.body)


def session_of(request: Request, centre: Annotated[Centre, Depends(centre_of)]) -> SessionUse:
    """Authenticate a request without a body by its session; a dependency for routes."""
    claim = SessionClaim(
        session=request.headers.get("kopilka-session", ""),
        at_s=request.headers.get("kopilka-at", ""),
        mac=request.headers.get("kopilka-mac", ""),
        method=request.method,
        target=target_of(request),
    )
    return SessionUse(*authenticate_session(centre, claim))


def message(content: object, status: int = 200) -> Response:
    """Render a wire message."""
    return Response(encode(content), status, media_type=CONTENT_TYPE)


def target_of(request: Request) -> str:
    """Return a request's path and query as they were sent."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


@router.post("/enrolments", openapi_extra=WIRE_BODY)
def post_enrolment(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Make the sender the agent of the store whose one-time code it has."""
    return message(enrol(centre, signed), 201)


@router.post("/agents/report", openapi_extra=WIRE_BODY)
def post_report(
    centre: Annotated[Centre, Depends(centre_of)], signed: Annotated[SignedBody, Depends(signed_by)]
) -> Response:
    """Keep what the sender tells of itself."""
    reports.take(centre, signed.sender, signed.body)
    return Response(status_code=204)


@router.post("/sessions", openapi_extra=WIRE_BODY)
def post_session(
    request: Request,
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Open a session for the agent that signed."""
    standing_of: StandingOf = request.app.state.standing_of
    return message(open_session(centre, signed, standing_of), 201)
