"""No test of a tracker leaves this machine."""

import ipaddress
import socket

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_network():
    """Refuse every connection that does not stay on this machine, and fail for each, even one that was swallowed."""
    connect, look_up, wanted = socket.socket.connect, socket.getaddrinfo, []

    def refuse(host):
        wanted.append(host)
        raise OSError(f"a tracker wanted to talk to {host}")

    def connect_here(self, address):
        if isinstance(address, tuple) and not ipaddress.ip_address(address[0]).is_loopback:
            refuse(address)
        return connect(self, address)

    def look_up_here(host, *arguments, **options):
        if host not in (None, "localhost", "127.0.0.1", "::1"):
            refuse(host)
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        patch.setattr(socket, "getaddrinfo", look_up_here)
        yield
    assert wanted == []
