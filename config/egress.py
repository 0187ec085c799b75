"""Where our own requests may go: no address inside our own network, whoever wrote the URL.

The check sits where the socket is made, on the very address that is about to be connected to, so that neither a DNS
answer that changes between check and use, nor an odd spelling (`0x7f.1`, `[::ffff:10.0.0.1]`), nor a redirect gets by.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
SocketFactory = Callable[[tuple[Any, ...]], socket.socket]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
# All that was ever given out of IPv6; what lies outside is special, or of tomorrow.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


class Refused(OSError):
    """The address is one that requests must not go to."""


def is_loopback(host: str) -> bool:
    """Whether the host, as written, is this machine: `localhost`, `127.0.0.0/8` or `::1`. Asks no DNS."""
    host = host.strip("[]").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: IPAddress) -> bool:
    """Whether an address is on the public internet, also inside whatever it wraps (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is not None and not is_public(wrapped):
            return False
        if address not in _GLOBAL_UNICAST:
            return address in _NAT64
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def public_socket(info: tuple[Any, ...]) -> socket.socket:
    """A socket for an address of `getaddrinfo`, for connectors; raises Refused unless the address is public."""
    address = ipaddress.ip_address(info[4][0].partition("%")[0])
    if not is_public(address):
        raise Refused(f"{address} is inside a private network.")
    return socket.socket(*info[:3])


def loopback_socket(info: tuple[Any, ...]) -> socket.socket:
    """The same for the sandbox; raises Refused unless the address is this machine."""
    address = ipaddress.ip_address(info[4][0].partition("%")[0])
    if not address.is_loopback:
        raise Refused(f"{address} is not this machine, and nothing leaves it while DELIVERY=sandbox.")
    return socket.socket(*info[:3])


def validate_url(url: str) -> None:
    """For form fields; raises ValidationError unless it is an http(s) URL with a host and without a password in it."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValidationError(f"{url!r} is not a web address; write for example https://example.com/hook.")
    if parts.username or parts.password:
        raise ValidationError("Leave user name and password out of the address; requests are signed with the secret.")


def validate_secure_url(url: str) -> None:
    """For form fields of APIs that get a secret; raises ValidationError unless it is https, or this machine (for tests)."""
    validate_url(url)
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValidationError("The token would travel unencrypted; write https://…")
