"""The line to the centre over HTTP: every call has a deadline, a silent line is an answer too."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
from msgspec.structs import replace

from agent.client import why
from agent.heard import Told, retry_after_s, their_time
from agent.link import CentreBusyError, LinkDownError, LinkState, RefusedByCentreError
from shared.clock import Clock, instant_of
from shared.crypto.keys import KeyPair
from shared.crypto.requests import sign
from shared.crypto.sessions import session_mac
from shared.errors import LoyaltyError
from shared.wire import reports
from shared.wire.agents import (
    EnrolAnswer,
    EnrolRequest,
    EpochAnswer,
    EpochRequest,
    LeaseAnswer,
    LeaseAsk,
    SaleAnswer,
    SaleAsk,
    SessionAnswer,
    SessionRequest,
    decode_enrol_answer,
    decode_epoch_answer,
    decode_lease_answer,
    decode_sale_answer,
    decode_session_answer,
)
from shared.wire.codec import BODY_BYTES_MAX, CONTENT_TYPE, encode, pack, unpack
from shared.wire.feed import Segment, decode_segment
from shared.wire.push import (
    BACKLOG,
    BATCH_MAX,
    BUSY,
    LANE_HEADER,
    PushAnswer,
    PushBatch,
    PushedFacts,
    decode_answer,
    decode_pushed,
)
from shared.wire.reports import AgentReport
from shared.wire.snapshot import (
    PIECE_BYTES_MAX,
    PartTallies,
    Snapshot,
    SnapshotPiece,
    decode_part_tallies,
    decode_piece,
    decode_snapshot,
)

FRAME_PREFIX_BYTES = 4
BACKLOG_AGE = timedelta(minutes=1)
"""Of the oldest fact of a batch: what is older stands in nobody's way who has just sold."""
SESSION_MARGIN = timedelta(seconds=30)
TELLING_S_MAX = 10.0
"""An answer that took longer does not tell what time it is."""
ANSWER_BYTES_MAX = PIECE_BYTES_MAX + BODY_BYTES_MAX
"""The largest is a snapshot's piece, of rows that do not compress, with what is around it."""
REFUSAL_CHARS_MAX = 300
OF_ONE_REQUEST = frozenset(
    {
        "accounts_moved",
        "body_slow",
        "no_tail",
        "snapshot_behind",
        "storage_busy",
        "too_many_signed_requests",
    }
)
"""Words of a centre that is there, and does all else."""
NO_HEADERS: Mapping[str, str] = {}
PLAIN: Mapping[str, str] = {"Accept-Encoding": "identity"}
"""What travels is compressed already."""


class HttpLink:
    """The line over HTTP: writing requests are signed, reading ones carry a session's MAC."""

    def __init__(
        self, client: httpx.Client, keys: KeyPair, request: SessionRequest, clock: Clock, seed: int
    ) -> None:
        self._client = client
        self._keys = keys
        self._request = request
        self._clock = clock
        self._nonce = seed
        self._session: SessionAnswer | None = None
        self._state = LinkState(up=False, last_contact_at=None, reason="not tried yet")
        self._told: Told | None = None
        self._ahead = timedelta()
        """By what this machine's clock is ahead of the centre's, as it was told last."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections to the centre."""
        self._client.close()

    def state(self) -> LinkState:
        """Tell whether the last exchange succeeded."""
        now = self._state
        return LinkState(now.up, now.last_contact_at, now.reason, self._told)

    def report(self, last_seq: int, oldest_unsent_at: datetime | None) -> None:
        """Remember what the next session tells of the journal."""
        with self._lock:
            self._request = replace(
                self._request, last_seq=last_seq, oldest_unsent_at=oldest_unsent_at
            )

    def session(self) -> SessionAnswer:
        """Return the open session, or open one with a signed request."""
        with self._lock:
            held = self._session
        if held is not None and self._now() < held.expires_at - SESSION_MARGIN:
            return held
        asked_s = self._clock.monotonic()
        request = replace(self._request, wrapping_key=self._keys.wrapping_key)
        opened = decode_session_answer(self._write("/v1/sessions", encode(request)))
        heard_s = self._clock.monotonic()
        if heard_s - asked_s <= TELLING_S_MAX:
            self._told = Told(opened.now, heard_s, self._clock.now())
            self._ahead = self._told.wall - opened.now
        with self._lock:
            if request.epoch == self._request.epoch:
                self._session = opened
        return opened

    def tell(self, report: AgentReport) -> None:
        """Tell how this agent is, signed."""
        self._write(reports.PATH, encode(report))

    def begin_epoch(self, request: EpochRequest, keys: KeyPair) -> EpochAnswer:
        """Ask for a new epoch, signed by a key of an old one."""
        return decode_epoch_answer(self._write("/v1/epochs", encode(request), keys=keys))

    def become(self, epoch: int, keys: KeyPair) -> None:
        """Speak for a new epoch; the session of the old one is over."""
        with self._lock:
            self._keys = keys
            self._request = replace(self._request, epoch=epoch)
            self._session = None

    def push(self, batch: PushBatch) -> PushAnswer:
        """Send facts, signed."""
        since = self._now() - instant_of(batch.facts[0].hlc)
        is_backlog = len(batch.facts) == BATCH_MAX or since > BACKLOG_AGE
        lane = {LANE_HEADER: BACKLOG} if is_backlog else {}
        return decode_answer(self._write("/v1/facts", pack(batch), more=lane))

    def ask(self, ask: LeaseAsk, timeout_s: float) -> LeaseAnswer:
        """Ask for points for one receipt, signed."""
        return decode_lease_answer(self._write("/v1/leases/asks", encode(ask), timeout_s))

    def sale(self, ask: SaleAsk, timeout_s: float) -> SaleAnswer:
        """Ask for a sale of the chain, signed."""
        return decode_sale_answer(self._write("/v1/receipts/asks", encode(ask), timeout_s))

    def forget_session(self) -> None:
        """Let the next call open another session."""
        with self._lock:
            self._session = None

    def segment(self, stream: str, after: int, again: int = 0) -> Segment | None:
        """Fetch the piece of a stream that follows a number."""
        answer = self._get(f"/v1/segments/{stream}?after={after}&again={again}")
        if answer.status_code == httpx.codes.NO_CONTENT:
            return None
        return decode_segment(answer.content)

    def snapshot(self, stream: str) -> Snapshot:
        """Ask where a stream's snapshot stands."""
        return decode_snapshot(self._read(f"/v1/snapshots/{stream}"))

    def piece(self, stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        """Fetch one of 2^bits pieces of a stream's rows."""
        place = f"{stream}/pieces/{no}?bits={bits}&again={again}"
        return decode_piece(self._read(f"/v1/snapshots/{place}"))

    def part_tallies(self, stream: str, after: int) -> PartTallies:
        """Ask what each part of a stream sums up to, at a number or later."""
        return decode_part_tallies(self._read(f"/v1/snapshots/{stream}/tallies?after={after}"))

    def history(self, epoch: int, after: int) -> PushedFacts:
        """Fetch a page of what this agent has pushed in an ended epoch behind a place."""
        return decode_pushed(unpack(self._read(f"/v1/facts?epoch={epoch}&after={after}")))

    def tail(self, after: Mapping[str, int]) -> Iterator[Segment | None]:
        """Listen to streams until the centre hangs up; LinkDownError when it is mute."""
        cursors = "&".join(f"after={stream}:{number}" for stream, number in sorted(after.items()))
        target = f"/v1/tail?{cursors}"
        headers = {**PLAIN, **self._mac_headers("GET", target)}
        with self._watched(), self._client.stream("GET", target, headers=headers) as answer:
            self._judge(_whole(answer) if answer.is_error else answer)
            for frame in _frames(answer.iter_raw()):
                self._heard()
                yield decode_segment(frame) if frame else None

    def _write(
        self,
        path: str,
        body: bytes,
        timeout_s: float | None = None,
        keys: KeyPair | None = None,
        more: Mapping[str, str] = NO_HEADERS,
    ) -> bytes:
        with self._lock:
            self._nonce += 1
            nonce, pair = f"{self._nonce:x}", keys or self._keys
        signed = sign("POST", path, body, pair, created=self._now(), nonce=nonce)
        headers = {"Content-Type": CONTENT_TYPE, **signed, **more}
        return self._exchange("POST", path, body, headers, timeout_s).content

    def _read(self, target: str) -> bytes:
        return self._get(target).content

    def _get(self, target: str) -> httpx.Response:
        return self._exchange("GET", target, b"", self._mac_headers("GET", target), None)

    def _mac_headers(self, method: str, target: str) -> dict[str, str]:
        session = self.session()
        at_s = int(self._now().timestamp())
        mac = session_mac(session.key, method, target, at_s)
        return {
            "Kopilka-Session": str(session.session),
            "Kopilka-At": str(at_s),
            "Kopilka-Mac": mac,
        }

    def _exchange(
        self,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout_s: float | None,
    ) -> httpx.Response:
        timeout = self._client.timeout if timeout_s is None else httpx.Timeout(timeout_s)
        plain = {**PLAIN, **headers}
        asked = self._client.stream(method, target, content=body, headers=plain, timeout=timeout)
        with self._watched(), asked as answer:
            whole = _whole(answer)
            self._judge(whole)
            return whole

    def _judge(self, answer: httpx.Response) -> None:
        if not (answer.is_success or answer.is_error):  # a portal on the way, never the centre
            raise LinkDownError(reason=f"{answer.status_code} instead of an answer")
        if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            self._heard()
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            with self._lock:
                self._session = None
        if answer.is_error:
            refusal = _refusal(answer)
            if isinstance(refusal, CentreBusyError):
                self._heard()
            if (theirs := their_time(answer)) is not None:
                self._ahead = self._clock.now() - theirs
            raise refusal

    def _heard(self) -> None:
        self._state = LinkState(up=True, last_contact_at=self._now(), reason="")

    def _lost(self, reason: str) -> None:
        last = self._state.last_contact_at
        self._state = LinkState(up=False, last_contact_at=last, reason=reason)

    def _now(self) -> datetime:
        """Return the time that requests carry: this machine's, put right by what was told."""
        return self._clock.now() - self._ahead

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            self._lost(why(error))
            raise LinkDownError(reason=why(error)) from error
        except LinkDownError as failure:
            if failure.details.get("refusal") not in OF_ONE_REQUEST:
                self._lost(str(failure.details["reason"]))
            raise


def enrol(
    client: httpx.Client, request: EnrolRequest, keys: KeyPair, at: datetime, nonce: str
) -> EnrolAnswer:
    """Trade a one-time code for an identity; raises LinkDownError, RefusedByCentreError."""
    body = encode(request)
    signed = sign("POST", "/v1/enrolments", body, keys, created=at, nonce=nonce)
    headers = {"Content-Type": CONTENT_TYPE, **signed}
    try:
        answer = client.post("/v1/enrolments", content=body, headers=headers)
    except httpx.HTTPError as error:
        raise LinkDownError(reason=why(error)) from error
    if answer.is_error:
        raise _refusal(answer)
    return decode_enrol_answer(answer.content)


def _whole(answer: httpx.Response) -> httpx.Response:
    """Read an answer to its end; raises LinkDownError for one that is too large, or would grow."""
    if "content-encoding" in answer.headers:
        raise LinkDownError(reason="an answer in an encoding that nobody asked for")
    chunks, size_bytes = [], 0
    for chunk in answer.iter_bytes():
        chunks.append(chunk)
        size_bytes += len(chunk)
        if size_bytes > ANSWER_BYTES_MAX:
            raise LinkDownError(reason=f"an answer of more than {ANSWER_BYTES_MAX} bytes")
    return httpx.Response(answer.status_code, content=b"".join(chunks))


def _frames(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a stream of bytes into frames that each begin with their length, big-endian."""
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= FRAME_PREFIX_BYTES:
            size = int.from_bytes(buffer[:FRAME_PREFIX_BYTES], "big")
            if size > BODY_BYTES_MAX:
                raise LinkDownError(reason=f"a frame of {size} bytes")
            if len(buffer) < FRAME_PREFIX_BYTES + size:
                break
            yield buffer[FRAME_PREFIX_BYTES : FRAME_PREFIX_BYTES + size]
            buffer = buffer[FRAME_PREFIX_BYTES + size :]


def _refusal(answer: httpx.Response) -> LoyaltyError:
    problem: Any = {}
    try:
        problem = answer.json()
        refusal, said = str(problem["code"]), problem["sentence"]
        reason, reason_ru = _cut(str(said["en"])), _cut(str(said.get("ru", "")))
    except (ValueError, KeyError, TypeError):
        refusal, reason, reason_ru = "unreadable", _cut(answer.text), ""
    if answer.is_server_error and refusal == BUSY:
        return CentreBusyError(retry_after_s=retry_after_s(problem))
    if answer.is_server_error:  # what it did before it failed is not known
        return LinkDownError(reason=f"{answer.status_code} {refusal}", refusal=refusal)
    return RefusedByCentreError(
        status=answer.status_code, refusal=refusal, reason=reason, reason_ru=reason_ru
    )


def _cut(sentence: str) -> str:
    return sentence[:REFUSAL_CHARS_MAX].rstrip(".")
