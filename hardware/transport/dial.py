"""Open the device of an address."""

from hardware.transport.port import Transport
from hardware.transport.serial import open_serial
from hardware.transport.tcp import open_tcp
from hardware.transport.url import DeviceAddress, TcpAddress


def dial(address: DeviceAddress, timeout_s: float) -> Transport:
    """Open a device within `timeout_s`; raises LinkFailedError when it is off, absent or busy."""
    if isinstance(address, TcpAddress):
        return open_tcp(address.host, address.port, timeout_s)
    return open_serial(address.path, address.baud)
