"""What stands around the processes: lines to the centre that can be hurt, and receipt printers."""

import asyncio
import base64
import random
import re
import threading
from collections import Counter
from uuid import UUID

from demo.proxy import HOST, Line, Mode

READY_S = 5.0
CHUNK_BYTES = 65_536
PRINT_S = 0.15
"""From the last byte of a paper to the printer's word, time enough to be killed in."""
NOBODY = 9
"""The port of a centre that does not listen: `discard`, which nothing here serves."""

_QUESTION = re.compile(rb"\x10\x04[\x01-\x04]")
_CLEAR = b"\x12"
_FENCE = re.compile(rb"\x1d\(H\x06\x0000(.{4})", re.DOTALL)
NO_JOB = b"0000"
"""What an agent asks before its first paper, to learn whether a printer answers a fence."""
_SLIP_CODE = re.compile(rb"KPK1:([A-Z2-7]+)")
_COPY = "КОПИЯ".encode("cp866")
_UID_BYTES = 16


class Tray:
    """The papers of one store: how many came under each fence, and whose originals they were."""

    def __init__(self) -> None:
        self.papers: Counter[bytes] = Counter()
        self.originals: Counter[UUID] = Counter()
        self.copies = self.halves = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection's bytes; every question is answered with all clear."""
        pending = b""
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                printed = self.papers.total()
                pending, replies = self._take(pending + chunk)
                if self.papers.total() > printed:
                    await asyncio.sleep(PRINT_S)
                writer.write(replies)
                await writer.drain()
        except OSError:
            pass  # an agent was killed while it was printing
        finally:
            self.halves += bool(pending)
            writer.close()

    def _take(self, stream: bytes) -> tuple[bytes, bytes]:
        """Cut finished papers off; return what is left of the stream, and the replies."""
        replies = _CLEAR * len(_QUESTION.findall(stream))
        rest = _QUESTION.sub(b"", stream)
        while fence := _FENCE.search(rest):
            if fence[1] != NO_JOB:
                self._keep(rest[: fence.start()], fence[1])
            replies += b"\x37\x22" + fence[1] + b"\x00"
            rest = rest[fence.end() :]
        return rest, replies

    def _keep(self, paper: bytes, fence: bytes) -> None:
        self.papers[fence] += 1
        if _COPY in paper:
            self.copies += 1
        elif code := _SLIP_CODE.search(paper):
            text = code[1] + b"=" * (-len(code[1]) % 8)
            self.originals[UUID(bytes=base64.b32decode(text)[:_UID_BYTES])] += 1


class Rim:
    """A thread that serves the lines and printers of all stores, each on a free port."""

    def __init__(self, stores: list[str], seed: int) -> None:
        self.trays = {store: Tray() for store in stores}
        self.printers: dict[str, int] = {}
        self.ports: dict[str, int] = {}
        self._lines = {
            store: Line(HOST, NOBODY, random.Random(f"line/{seed}/{store}")) for store in stores
        }
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rim")

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        assert self._ready.wait(READY_S), "the rim does not listen"

    def close(self) -> None:
        """Cut every line and stop listening."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def aim(self, port: int) -> None:
        """Let all lines lead to this port."""
        for line in self._lines.values():
            self._loop.call_soon_threadsafe(line.aim, HOST, port)

    def turn(self, store: str, mode: Mode) -> None:
        """Change what a store's line does."""
        self._loop.call_soon_threadsafe(self._lines[store].turn, mode)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        servers = []
        for store, line in self._lines.items():
            carrying = await asyncio.start_server(line.carry, HOST, 0)
            printing = await asyncio.start_server(self.trays[store].serve, HOST, 0)
            self.ports[store] = carrying.sockets[0].getsockname()[1]
            self.printers[store] = printing.sockets[0].getsockname()[1]
            servers += [carrying, printing]
        self._ready.set()
        await self._stop.wait()
        for line in self._lines.values():
            line.turn(Mode.REFUSE)
        for server in servers:
            server.close()
