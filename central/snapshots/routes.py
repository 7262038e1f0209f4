"""HTTP of snapshots: where they stand, their pieces, and the tallies of a stream's parts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from central.agents.routes import SessionUse, centre_of, message, session_of
from central.centre import Centre
from central.snapshots import service
from shared.wire.codec import CONTENT_TYPE
from shared.wire.feed import AGAIN_MAX
from shared.wire.snapshot import PART_BITS

router = APIRouter(prefix="/v1", tags=["snapshots"])


@router.get("/snapshots/{stream}")
def get_snapshot(
    stream: str,
    centre: Annotated[Centre, Depends(centre_of)],
    use: Annotated[SessionUse, Depends(session_of)],
) -> Response:
    """Say where a stream's snapshot stands and of which pieces it consists."""
    return message(service.snapshot(centre, use.sender.store, stream))


@router.get("/snapshots/{stream}/pieces/{piece}")
def get_piece(
    stream: str,
    piece: int,
    bits: Annotated[int, Query(ge=0, le=PART_BITS)],
    centre: Annotated[Centre, Depends(centre_of)],
    use: Annotated[SessionUse, Depends(session_of)],
    again: Annotated[int, Query(ge=0, le=AGAIN_MAX)] = 0,
) -> Response:
    """Send the rows of one of 2^bits pieces."""
    encoded = service.piece(centre, use.sender, stream, (bits, piece), again=again)
    return Response(encoded, media_type=CONTENT_TYPE)


@router.get("/snapshots/{stream}/tallies")
def get_tallies(
    stream: str,
    after: Annotated[int, Query(ge=0, lt=2**62)],
    centre: Annotated[Centre, Depends(centre_of)],
    use: Annotated[SessionUse, Depends(session_of)],
) -> Response:
    """Say what each part of a stream sums up to, at a number or later."""
    return message(service.part_tallies(centre, use.sender.store, stream, after))
