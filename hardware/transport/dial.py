"""Open the device of an address."""

from hardware.transport.node import Access, grab, lock, open_node
from hardware.transport.port import Transport
from hardware.transport.serial import open_serial
from hardware.transport.tcp import open_tcp
from hardware.transport.url import DeviceAddress, NodeAddress, NodeKind, TcpAddress

_NODES = {
    NodeKind.USB_PRINTER: (Access.BOTH, lock),
    NodeKind.WEDGE: (Access.READ, grab),
    NodeKind.HID_SCANNER: (Access.READ, lock),
}


def dial(address: DeviceAddress, timeout_s: float) -> Transport:
    """Open a device within `timeout_s`; raises LinkFailedError when it is off, absent or busy."""
    if isinstance(address, TcpAddress):
        return open_tcp(address.host, address.port, timeout_s)
    if isinstance(address, NodeAddress):
        return open_node(address.path, *_NODES[address.kind])
    return open_serial(address.path, address.baud)
