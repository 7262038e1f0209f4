"""A line that can be cut: `python -m demo.proxy HOST:PORT` stands between an agent and the centre.

When it listens it prints one JSON line with `listen` and `control`. The control port takes one
command a line and answers with one JSON line:

mode pass        everything goes through
mode refuse      connections are reset, also those that are open
mode hang        new connections are accepted and swallowed, open ones freeze until it ends
mode half_open   what the agent sends arrives, what the centre answers is lost
slow        every piece comes late
torn        some pieces arrive in part, and then the connection is reset
status           the mode, open connections, bytes carried each way and bytes lost
"""

import asyncio
import json
import random
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

CHUNK_BYTES = 65_536
COMMAND_BYTES_MAX = 1_024
HOST = "127.0.0.1"
MISUSED = 2
LATE_S = 0.15
TORN_SHARE = 0.25
"""Of the pieces on a line that tears."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Answer = dict[str, object]


class Mode(StrEnum):
    """What the line does to what is on it."""

    PASS = "pass"  # noqa: S105 (no password)
    REFUSE = "refuse"
    HANG = "hang"
    HALF_OPEN = "half_open"
    SLOW = "slow"
    TORN = "torn"


class Way(Enum):
    """Up is from the agent to the centre."""

    UP = auto()
    DOWN = auto()


@dataclass(eq=False, slots=True)
class Connection:
    """A caller's connection; one that has lost bytes cannot go on when the line heals."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    is_torn: bool = False

    def reset(self) -> None:
        """End both sides at once, without a goodbye."""
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()


class Line:
    """Carries connections to one address as its mode says; a new mode counts at once."""

    def __init__(self, host: str, port: int, chance: random.Random | None = None) -> None:
        self.aim(host, port)
        self._chance = chance or random.SystemRandom()
        self._mode = Mode.PASS
        self._changed = asyncio.Event()
        self._open: set[Connection] = set()
        self._carried = dict.fromkeys(Way, 0)
        self._lost = 0

    def aim(self, host: str, port: int) -> None:
        """Carry new connections to this address."""
        self._host = host
        self._port = port

    def turn(self, mode: Mode) -> None:
        """Change the mode: torn connections are reset, frozen ones go on unless it is refuse."""
        self._mode = mode
        for connection in list(self._open):
            if mode is Mode.REFUSE or connection.is_torn:
                connection.reset()
        self._changed.set()
        self._changed = asyncio.Event()

    def status(self) -> Answer:
        """Return what the line is doing."""
        return {
            "mode": self._mode.value,
            "open": len(self._open),
            "up_bytes": self._carried[Way.UP],
            "down_bytes": self._carried[Way.DOWN],
            "lost_bytes": self._lost,
        }

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection from its first byte to its last."""
        connection = Connection([writer])
        self._open.add(connection)
        try:
            if self._mode is Mode.REFUSE:
                connection.reset()
            elif self._mode is Mode.HANG:
                connection.is_torn = True
                await self._swallow(reader)
            else:
                await self._join(connection, reader)
        except (OSError, asyncio.CancelledError):  # broken on the way, or the process ends
            connection.reset()
        finally:
            self._open.discard(connection)
            writer.close()

    async def _join(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        near_writer = connection.writers[0]
        connection.writers.append(far_writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(connection, reader, far_writer, Way.UP))
                both.create_task(self._pump(connection, far_reader, near_writer, Way.DOWN))
        except* OSError:
            connection.reset()
        finally:
            far_writer.close()

    async def _pump(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        way: Way,
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if not await self._is_carried(way):
                connection.is_torn = True
                self._lost += len(chunk)
                continue
            if self._mode is Mode.SLOW:
                await asyncio.sleep(LATE_S)
            part = self._part(chunk)
            writer.write(part)
            await writer.drain()
            self._carried[way] += len(part)
            if len(part) < len(chunk):
                self._lost += len(chunk) - len(part)
                connection.reset()
        if await self._is_carried(way) and writer.can_write_eof():
            writer.write_eof()

    async def _is_carried(self, way: Way) -> bool:
        """Wait while the line hangs, then tell whether bytes of this way get through."""
        while self._mode is Mode.HANG:
            await self._changed.wait()
        return way is Way.UP or self._mode is not Mode.HALF_OPEN

    def _part(self, chunk: bytes) -> bytes:
        """Return what arrives of a piece before the connection tears; all of it if it does not."""
        if self._mode is not Mode.TORN or self._chance.random() >= TORN_SHARE:
            return chunk
        return chunk[: self._chance.randrange(len(chunk))]

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            self._lost += len(chunk)


class Switch:
    """The control port's side of a line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller line by line until it hangs up."""
        try:
            while command := await reader.readline():
                answer = self._answer(command.decode("utf-8", errors="replace"))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError, asyncio.CancelledError):  # hung up, endless line, the end
            writer.transport.abort()
        finally:
            writer.close()

    def _answer(self, command: str) -> Answer:
        match command.split():
            case ["status"]:
                return {"ok": True, **self._line.status()}
            case ["mode", word] if word in set(Mode):
                self._line.turn(Mode(word))
                return {"ok": True, **self._line.status()}
            case _:
                return {"ok": False, "error": f"status, or mode with one of: {', '.join(Mode)}"}


async def serve(line: Line, on_ready: Callable[[Answer], None], stop: asyncio.Event) -> None:
    """Carry the line and answer the control port until `stop` is set."""
    carrying = await asyncio.start_server(line.carry, HOST, 0)
    switching = await asyncio.start_server(Switch(line).obey, HOST, 0, limit=COMMAND_BYTES_MAX)
    on_ready({"listen": _address(carrying), "control": _address(switching)})
    await stop.wait()
    line.turn(Mode.REFUSE)
    for server in (carrying, switching):
        server.close()


def _address(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"{host}:{port}"


async def _run(host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(Line(host, port), _tell, stop)


def _tell(addresses: Answer) -> None:
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run from the command line; the only argument is the centre's `HOST:PORT`."""
    host, _, port = arguments[0].rpartition(":") if len(arguments) == 1 else ("", "", "")
    if not host or not port.isdigit():
        sys.stderr.write("usage: python -m demo.proxy HOST:PORT\n")
        return MISUSED
    asyncio.run(_run(host, int(port)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
