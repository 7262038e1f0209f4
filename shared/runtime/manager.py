"""What a service manager hears of this process: that it serves, and that it is alive.

It is systemd's protocol `sd_notify`: datagrams of words to the socket that `NOTIFY_SOCKET` names.
Without one nobody is told anything. That it ends is not told: an agent that starts anew goes on as
the same process.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress

SOCKET = "NOTIFY_SOCKET"
READY = "READY=1"
ALIVE = "WATCHDOG=1"


def manager() -> Callable[[str], None]:
    """Return what tells the manager a word; a manager that has gone is told nothing."""
    address = os.environ.get(SOCKET, "")
    if not address:
        return _tell_nobody
    place = "\0" + address[1:] if address.startswith("@") else address

    def tell(word: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(word.encode(), socket.MSG_DONTWAIT, place)

    return tell


def _tell_nobody(_word: str) -> None:
    pass
