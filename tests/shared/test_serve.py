"""Where a process listens: connections that send at once, and a taken port in a sentence."""

import socket
from contextlib import closing

import pytest

from shared.runtime.serve import PortTakenError, listen

LOOPBACK = "127.0.0.1"


def test_a_connection_sends_the_parts_of_an_answer_at_once() -> None:
    with listen(LOOPBACK, 0) as listener:
        with closing(socket.create_connection(listener.getsockname())):
            connection, _ = listener.accept()

        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_taken_port_is_named() -> None:
    with listen(LOOPBACK, 0) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(PortTakenError, match=str(port)):
            listen(LOOPBACK, port)
