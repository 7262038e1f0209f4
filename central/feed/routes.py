"""HTTP of the feed: immutable segments by their offset, and the live tail."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from central.agents.routes import SessionUse, centre_of, session_of
from central.centre import Centre
from central.feed import service
from central.feed.hub import Form, Hub
from shared.errors import Kind, LoyaltyError
from shared.wire.codec import CONTENT_TYPE
from shared.wire.feed import AGAIN_MAX

STREAMS_MAX = 8

router = APIRouter(prefix="/v1", tags=["feed"])


class BadCursorError(LoyaltyError):
    """An `after` that is not `stream:number`, or too many of them."""

    kind = Kind.INVALID
    code = "bad_cursor"
    ru = "Курсор {cursor} неверен: нужно от 1 до {streams_max} вида поток:номер."
    en = "Cursor {cursor} is wrong: 1 to {streams_max} of the form stream:number are needed."


@router.get("/segments/{stream}")
def get_segment(
    stream: str,
    after: Annotated[int, Query(ge=0, lt=2**62)],
    centre: Annotated[Centre, Depends(centre_of)],
    use: Annotated[SessionUse, Depends(session_of)],
    again: Annotated[int, Query(ge=0, le=AGAIN_MAX)] = 0,
) -> Response:
    """Send the segment that begins after a number; 204 if nothing is newer."""
    encoded = service.segment_for(centre, use.sender, (stream, after), again=again)
    if encoded is None:
        return Response(status_code=204)
    return Response(encoded, media_type=CONTENT_TYPE)


@router.get("/tail")
async def get_tail(
    request: Request,
    after: Annotated[list[str], Query()],
    centre: Annotated[Centre, Depends(centre_of)],
    use: Annotated[SessionUse, Depends(session_of)],
) -> StreamingResponse:
    """Stream what comes after the cursors, until the session ends."""
    hub: Hub = request.app.state.hub
    cursors = parse_cursors(after)
    await to_thread.run_sync(service.check_cursors, centre.engine, use.sender.store, cursors)
    await hub.check(cursors)
    form = Form.PLAIN if use.sender.reads_plain else Form.ENCRYPTED
    frames = _until(centre, hub.frames(cursors, use.sender.agent, form), use.expires_at)
    return StreamingResponse(frames, media_type=CONTENT_TYPE)


def parse_cursors(texts: Sequence[str]) -> dict[str, int]:
    """Read `stream:number` texts; raises BadCursorError."""
    cursors = {}
    for text in texts:
        stream, _, number = text.rpartition(":")
        if not stream or not number.isascii() or not number.isdigit() or len(number) > 18:
            raise BadCursorError(cursor=text[:80], streams_max=STREAMS_MAX)
        cursors[stream] = int(number)
    if not 0 < len(texts) <= STREAMS_MAX:
        raise BadCursorError(cursor=f"× {len(texts)}", streams_max=STREAMS_MAX)
    return cursors


async def _until(
    centre: Centre, frames: AsyncGenerator[bytes], ends_at: datetime
) -> AsyncGenerator[bytes]:
    async with aclosing(frames):
        async for frame in frames:
            yield frame
            if centre.clock.now() >= ends_at:
                return
