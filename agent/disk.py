"""Room on the disk: seen before it runs out, and what still goes when it does.

A sale that a customer has paid must find room. So what can wait stops first: points are not
redeemed any more, then nothing new is begun, and what was reserved is still committed. Rows of the
centre never take that room: a snapshot waits before points cease to pay, changes before sales do.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agent.settings import AgentSettings
from shared.errors import Kind, LoyaltyError

MEGABYTE = 1024 * 1024


class Room(StrEnum):
    """How much room there is."""

    PLENTY = "plenty"
    SCARCE = "scarce"
    ACCRUAL_ONLY = "accrual_only"
    NONE = "none"


class DiskScarceError(LoyaltyError):
    """A warning: there is less room than there should be."""

    kind = Kind.STORAGE
    code = "disk_scarce"
    ru = "На диске мало места: {free_mb} МБ. Позовите инженера."
    en = "Little room on the disk: {free_mb} MB. Call an engineer."


class AccrualOnlyError(LoyaltyError):
    """A warning: points are earned, but do not pay until there is room."""

    kind = Kind.STORAGE
    code = "accrual_only"
    ru = "На диске {free_mb} МБ: бонусы начисляются, но не списываются. Позовите инженера."
    en = "{free_mb} MB on the disk: points are earned, but cannot pay. Call an engineer."


class NoRoomError(LoyaltyError):
    """Nothing new is begun: the rest of the disk is for what was reserved."""

    kind = Kind.STORAGE
    code = "no_room"
    ru = "На диске {free_mb} МБ: новые операции не начинаются. Освободите место и повторите."
    en = "{free_mb} MB on the disk: nothing new is begun. Free some room and try again."


class RowsWaitError(LoyaltyError):
    """The centre's rows would take the room that sales need."""

    kind = Kind.STORAGE
    code = "rows_wait"
    ru = "На диске {free_mb} МБ: данные центра ждут. Освободите место."
    en = "{free_mb} MB on the disk: the centre's rows wait. Free some room."


@dataclass(slots=True)
class DiskWatch:
    """The room of one folder's disk as it was last looked at."""

    folder: Path
    settings: AgentSettings
    free_bytes_of: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    free_bytes: int = 0
    room: Room = Room.PLENTY

    def look(self) -> Room:
        """Measure again; a disk that cannot be measured is taken as it was."""
        try:
            self.free_bytes = self.free_bytes_of(self.folder)
        except OSError:
            return self.room
        limits = (
            (Room.NONE, self.settings.disk_none_mb),
            (Room.ACCRUAL_ONLY, self.settings.disk_accrual_only_mb),
            (Room.SCARCE, self.settings.disk_scarce_mb),
        )
        free_mb = self.free_bytes / MEGABYTE
        self.room = next((room for room, below in limits if free_mb < below), Room.PLENTY)
        return self.room

    def demand_for_snapshot(self, size_bytes: int = 0) -> None:
        """Raise RowsWaitError if so much more would leave too little for points to pay."""
        self._demand(size_bytes, self.settings.disk_accrual_only_mb)

    def demand_for_changes(self) -> None:
        """Raise RowsWaitError where nothing new is begun either."""
        self._demand(0, self.settings.disk_none_mb)

    def _demand(self, size_bytes: int, kept_mb: int) -> None:
        """Measure now: a snapshot fills a disk faster than it is looked at."""
        try:
            free_bytes = self.free_bytes_of(self.folder)
        except OSError:  # taken as it was
            return
        if free_bytes - size_bytes < kept_mb * MEGABYTE:
            raise RowsWaitError(free_mb=free_bytes // MEGABYTE)

    @property
    def may_redeem(self) -> bool:
        """Whether points may pay."""
        return self.room in (Room.PLENTY, Room.SCARCE)

    @property
    def refusal(self) -> NoRoomError | None:
        """Why nothing new may be begun, if so."""
        return NoRoomError(free_mb=self._free_mb) if self.room is Room.NONE else None

    @property
    def warning(self) -> LoyaltyError | None:
        """What the cashier should know of it."""
        if self.room is Room.PLENTY:
            return None
        if self.room is Room.SCARCE:
            return DiskScarceError(free_mb=self._free_mb)
        return self.refusal or AccrualOnlyError(free_mb=self._free_mb)

    @property
    def _free_mb(self) -> int:
        return self.free_bytes // MEGABYTE
