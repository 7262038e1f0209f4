"""The wire between stores and the centre: real bytes and signatures, and all that goes wrong.

The agents' own HTTP client works over a transport of ours. It gives each request a fate, and what
arrives is answered by the centre's use cases as its routes would.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from urllib.parse import parse_qsl, unquote

import httpx
from msgspec.structs import replace
from sqlalchemy.exc import DatabaseError

from central.admission import BusyError
from central.agents import reports
from central.agents.service import (
    AgentIdentity,
    SessionClaim,
    authenticate,
    authenticate_session,
)
from central.agents.sessions import open_session
from central.app import full_stages, standing_of
from central.centre import Centre
from central.feed import service as feed
from central.feed.hub import framed
from central.feed.routes import parse_cursors
from central.ingest import service as ingest
from central.ingest.asking import tell_sale
from central.ingest.pushed import pushed
from central.leases.epochs import begin_epoch
from central.leases.service import ask
from central.snapshots import service as snapshots
from shared.crypto.requests import SignedRequest
from shared.errors import LoyaltyError
from shared.runtime.storage import storage_failure
from shared.runtime.web import NoSuchRouteError, problem
from shared.wire import reports as reports_wire
from shared.wire.codec import encode, pack
from shared.wire.feed import Segment, decode_segment
from tests.simulation.clocks import TrueTime

LATE_S_MAX = 600
SEGMENTS = "/v1/segments/"
LIES = 0.5
"""Of what a cache serves that it should not."""
BUSY = httpx.codes.SERVICE_UNAVAILABLE


class LineMode(StrEnum):
    """How a store's line is for a while."""

    UP = "up"
    DOWN = "down"
    """Nothing arrives."""
    MUTE = "mute"
    """Requests arrive, answers do not: a partition in one direction."""


class Fate(StrEnum):
    """What becomes of a single request on a line that is up."""

    PASSED = "passed"
    LOST = "lost"
    ANSWER_LOST = "answer_lost"
    DOUBLED = "doubled"
    DELAYED = "delayed"
    """It arrives when others have overtaken it; nobody waits for its answer any more."""
    HALVED = "halved"
    FLIPPED = "flipped"
    TORN = "torn"
    """It arrives, and its answer breaks off in the middle."""


MISFORTUNES = tuple(fate for fate in Fate if fate is not Fate.PASSED)


@dataclass(slots=True)
class Line:
    """A store's line: its mode, how often a request meets a misfortune, and how often the cache on
    it serves what it should not."""

    mode: LineMode = LineMode.UP
    misfortune: float = 0.0
    cache: float = 0.0


@dataclass(slots=True)
class Network:
    """What all lines share: the centre's end, requests on their way, and the counts of faults."""

    time: TrueTime
    chance: random.Random
    counts: Counter[str]
    serve: Callable[[httpx.Request], httpx.Response]
    busy: bool = False
    late: list[tuple[datetime, httpx.Request]] = field(default_factory=list)

    def deliver_late(self) -> None:
        """Let the delayed requests arrive whose time has come."""
        due = [request for at, request in self.late if at <= self.time.at]
        self.late = [(at, request) for at, request in self.late if at > self.time.at]
        for request in due:
            self.counts["reordered"] += 1
            try:
                self.serve(request)
            except httpx.HTTPError:
                self.counts["reordered to a dead centre"] += 1


class SimTransport(httpx.BaseTransport):
    """One store's end of the wire."""

    def __init__(self, network: Network, line: Line) -> None:
        self._network = network
        self._line = line
        self._cached: dict[str, list[Segment]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let a request meet its fate."""
        request.read()
        network, fate = self._network, self._fate()
        if fate is not Fate.PASSED:
            network.counts[f"request {fate}"] += 1
        if self._line.mode is LineMode.DOWN or fate is Fate.LOST:
            raise httpx.ConnectError("the line is down")
        if fate is Fate.DELAYED:
            due = network.time.at + timedelta(seconds=network.chance.randrange(1, LATE_S_MAX))
            network.late.append((due, request))
            raise self._silence()
        if network.busy:
            network.counts["centre busy"] += 1
            refused = problem(BusyError(retry_after_s=1.0))
            return httpx.Response(BUSY, content=bytes(refused.body), request=request)
        response = self._through_cache(
            request, network.serve(_damaged(request, fate, network.chance))
        )
        if fate is Fate.DOUBLED:
            network.serve(request)
        if self._line.mode is LineMode.MUTE:
            network.counts["answer kept back"] += 1
        if self._line.mode is LineMode.MUTE or fate is Fate.ANSWER_LOST:
            raise self._silence()
        return _torn(response) if fate is Fate.TORN else response

    def _fate(self) -> Fate:
        """Draw what becomes of a request; each misfortune happens before one happens again."""
        if self._line.mode is not LineMode.UP or not self._line.misfortune:
            return Fate.PASSED
        chance, counts = self._network.chance, self._network.counts
        if chance.random() >= self._line.misfortune:
            return Fate.PASSED
        new = [fate for fate in MISFORTUNES if not counts[f"request {fate}"]]
        return chance.choice(new or MISFORTUNES)

    def _through_cache(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """Return what a cache of segments makes of an answer: an older segment in its place, or a
        damaged one; what is asked for again it does not have."""
        path, chance = request.url.path, self._network.chance
        if not path.startswith(SEGMENTS) or response.status_code != httpx.codes.OK:
            return response
        honest = decode_segment(response.read())
        had = self._cached.setdefault(honest.stream, [])
        had.append(honest)
        if request.url.params["again"] != "0" or chance.random() >= self._line.cache:
            return httpx.Response(httpx.codes.OK, content=encode(honest), request=request)
        others = [one for one in had if one.first != honest.first]
        if others and chance.random() < LIES:
            self._network.counts["cache lied"] += 1
            body = chance.choice(others).body
        else:
            self._network.counts["cache flipped"] += 1
            at = chance.randrange(len(honest.body))
            body = honest.body[:at] + bytes([honest.body[at] ^ 1]) + honest.body[at + 1 :]
        lie = replace(honest, body=body)
        return httpx.Response(httpx.codes.OK, content=encode(lie), request=request)

    def _silence(self) -> httpx.ReadTimeout:
        """Return the error of an answer that did not come, after the time it was waited for."""
        self._network.time.pass_by(1)
        return httpx.ReadTimeout("no answer")


def _damaged(request: httpx.Request, fate: Fate, chance: random.Random) -> httpx.Request:
    """Return a request as it arrives: cut in half, with one bit wrong, or whole."""
    body = request.content
    if fate is Fate.HALVED:
        body = body[: len(body) // 2]
    elif fate is Fate.FLIPPED and body:
        at = chance.randrange(len(body))
        body = body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]
    else:
        return request
    headers = {
        name: text for name, text in request.headers.items() if name.lower() != "content-length"
    }
    return httpx.Request(request.method, request.url, headers=headers, content=body)


def _torn(response: httpx.Response) -> httpx.Response:
    """Return a response of which the first half comes, and then a reset."""
    whole = response.read()

    def halves() -> Iterator[bytes]:
        yield whole[: len(whole) // 2]
        raise httpx.ReadError("the connection was reset")

    return httpx.Response(response.status_code, stream=_Breaking(halves()))


class _Breaking(httpx.SyncByteStream):
    """Bytes that end in an error."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        """Return the bytes."""
        return self._chunks


def answer(centre: Centre, request: httpx.Request) -> httpx.Response:
    """Answer a request as the centre's routes do; raises DatabaseError when its disk fails."""
    try:
        status, content = _route(centre, request)
    except LoyaltyError as refusal:
        refused = problem(refusal)
        return httpx.Response(refused.status_code, content=bytes(refused.body), request=request)
    except DatabaseError as error:
        if "disk I/O" in str(error.orig):
            raise
        failed = problem(storage_failure(error))
        return httpx.Response(failed.status_code, content=bytes(failed.body), request=request)
    return httpx.Response(status, stream=httpx.ByteStream(content), request=request)


def _route(centre: Centre, request: httpx.Request) -> tuple[int, bytes]:
    target = request.url.raw_path.decode()
    path, _, query = target.partition("?")
    if request.method == "POST":
        signed = SignedRequest("POST", target, dict(request.headers), request.content)
        return _ROUTES[path](centre, signed)
    claim = SessionClaim(
        session=request.headers.get("kopilka-session", ""),
        at_s=request.headers.get("kopilka-at", ""),
        mac=request.headers.get("kopilka-mac", ""),
        method="GET",
        target=target,
    )
    sender, _ = authenticate_session(centre, claim)
    after = [text for name, text in parse_qsl(query) if name == "after"]
    if path == "/v1/tail":
        return 200, _tail(centre, sender, after)
    if path.startswith("/v1/segments/"):
        stream = unquote(path.removeprefix("/v1/segments/"))
        again = int(dict(parse_qsl(query)).get("again", 0))
        piece = feed.segment_for(centre, sender, (stream, int(after[0])), again=again)
        return (204, b"") if piece is None else (200, piece)
    if path.startswith("/v1/snapshots/"):
        return 200, _snapshot(centre, sender, path.split("/")[3:], dict(parse_qsl(query)))
    if path == "/v1/facts":
        asked = dict(parse_qsl(query))
        return 200, pack(pushed(centre, sender, int(asked["epoch"]), int(asked["after"])))
    raise NoSuchRouteError(method="GET", path=path)


def _snapshot(
    centre: Centre, sender: AgentIdentity, rest: list[str], query: dict[str, str]
) -> bytes:
    stream, store = unquote(rest[0]), sender.store
    if rest[1:] == ["tallies"]:
        return encode(snapshots.part_tallies(centre, store, stream, int(query["after"])))
    if rest[1:]:
        place, again = (int(query["bits"]), int(rest[2])), int(query.get("again", 0))
        return snapshots.piece(centre, sender, stream, place, again=again)
    return encode(snapshots.snapshot(centre, store, stream))


def _tail(centre: Centre, sender: AgentIdentity, after: list[str]) -> bytes:
    """Return what a tail brings until the centre hangs up."""
    cursors = parse_cursors(after)
    feed.check_cursors(centre.engine, sender.store, cursors)
    heads = feed.heads(centre.engine)
    return b"".join(
        framed(piece)
        for stream, number in sorted(cursors.items())
        for piece in feed.pieces(centre, stream, number, heads.get(stream, 0))
    )


def _session(centre: Centre, signed: SignedRequest) -> tuple[int, bytes]:
    return 201, encode(open_session(centre, signed, partial(standing_of, full_stages())))


def _facts(centre: Centre, signed: SignedRequest) -> tuple[int, bytes]:
    return 200, encode(ingest.push(centre, signed))


def _epoch(centre: Centre, signed: SignedRequest) -> tuple[int, bytes]:
    return 201, encode(begin_epoch(centre, signed))


def _sale(centre: Centre, signed: SignedRequest) -> tuple[int, bytes]:
    return 200, encode(tell_sale(centre, signed))


def _ask(centre: Centre, signed: SignedRequest) -> tuple[int, bytes]:
    return 200, encode(ask(centre, signed))


def _report(centre: Centre, signed: SignedRequest) -> tuple[int, bytes]:
    reports.take(centre, authenticate(centre, signed), signed.body)
    return 204, b""


_ROUTES: dict[str, Callable[[Centre, SignedRequest], tuple[int, bytes]]] = {
    "/v1/sessions": _session,
    "/v1/facts": _facts,
    "/v1/epochs": _epoch,
    "/v1/leases/asks": _ask,
    "/v1/receipts/asks": _sale,
    reports_wire.PATH: _report,
}
