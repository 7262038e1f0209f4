"""How a store's agent is, as it tells the centre: what a board of the stores shows."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from shared.wire.agents import StreamHead
from shared.wire.codec import decoder

PATH: Final = "/v1/agents/report"
PACKS_MAX: Final = 50
DEVICES_MAX: Final = 16
STREAMS_MAX: Final = 16
WORD_CHARS_MAX: Final = 80
SENTENCE_CHARS_MAX: Final = 500

Word = Annotated[str, Meta(max_length=WORD_CHARS_MAX)]
Text = Annotated[str, Meta(max_length=SENTENCE_CHARS_MAX)]


class RefusedPack(Struct, array_like=True, frozen=True):
    """A published pack that the agent does not use, and why."""

    hash: Word
    code: Word
    ru: Text
    en: Text


class DeviceReport(Struct, array_like=True, frozen=True):
    """A device's condition (`agent.devices.Condition`) since an instant, with its sentence."""

    name: Word
    condition: Word
    since: datetime
    ru: Text
    en: Text


class AgentReport(Struct, frozen=True):
    """How an agent is. New fields come with a default, so that versions apart still read.

    `at` is its own clock, right or wrong. `pack` is the hash in force, `packs` are those that are
    loaded and ready, `cursors` where the rows of its streams are applied.
    """

    at: datetime
    version: Word
    queue: int = 0
    oldest_unsent_at: datetime | None = None
    cursors: Annotated[tuple[StreamHead, ...], Meta(max_length=STREAMS_MAX)] = ()
    pack: Word = ""
    packs: Annotated[tuple[Word, ...], Meta(max_length=PACKS_MAX)] = ()
    refused: Annotated[tuple[RefusedPack, ...], Meta(max_length=PACKS_MAX)] = ()
    devices: Annotated[tuple[DeviceReport, ...], Meta(max_length=DEVICES_MAX)] = ()
    offline_minutes: int = 0
    """On the store's day."""
    room: Word = ""
    """On its disk, a word of `agent.disk.Room`."""
    time_trusted: bool = True
    barred: Word = ""
    erased_upto: int = 0
    """Which erasures of personal data its journal has followed, by the number of the last."""
    keys_version: int = 0
    """Of the list of keys in use."""
    root_unknown: bool = False
    """A later list waits, of a root key that it does not trust."""


decode_report = decoder(AgentReport)
