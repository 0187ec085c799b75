"""Where our own requests may go: every disguise of an inner address is seen through."""

import ipaddress
import socket

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from config import egress

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1",
    "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
    "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:1::1", "2001:0:53aa:64c:0:fbff:f5ff:fffe", "4000::1", "100::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "192.167.1.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_inner_address_is_not_public_whatever_it_is_wrapped_in(address):
    assert not egress.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is(address):
    assert egress.is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4).filter(lambda address: not egress.is_public(address)))
def test_no_wrapping_makes_an_inner_address_public(address):
    number = int(address)
    for wrapped in (
        (0xFFFF << 32) | number,
        number,
        (0x64FF9B << 96) | number,
        (0x2002 << 112) | (number << 80),
        (0x20010000 << 96) | (number ^ 0xFFFFFFFF),
    ):
        assert not egress.is_public(ipaddress.IPv6Address(wrapped))


def looked_up(host: str) -> list:
    return socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "localhost",
        "0",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
    ],
)
def test_no_spelling_of_an_inner_address_gets_a_socket(host):
    for info in looked_up(host):
        with pytest.raises(egress.Refused, match="inside a private network"):
            egress.public_socket(info)


def test_a_public_address_gets_one():
    [info, *_] = looked_up("93.184.216.34")
    with egress.public_socket(info) as made:
        assert made.family == socket.AF_INET


def test_the_sandbox_gives_them_for_this_machine_only():
    for host in ("127.0.0.1", "127.9.9.9", "::1"):
        egress.loopback_socket(looked_up(host)[0]).close()
    for host in ("10.0.0.1", "8.8.8.8", "0.0.0.0", "::ffff:10.0.0.1"):
        with pytest.raises(egress.Refused, match="nothing leaves it while"):
            egress.loopback_socket(looked_up(host)[0])


def test_a_zone_of_a_link_local_address_is_no_way_round():
    with pytest.raises(egress.Refused):
        egress.public_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%eth0", 80, 0, 2)))


@pytest.mark.parametrize(("host", "answer"), [
    ("localhost", True), ("LOCALHOST", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
    ("", False), ("localhost.example", False), ("10.0.0.1", False), ("127.1", False), ("example.com", False), ("0.0.0.0", False),
])  # fmt: skip
def test_this_machine_is_known_by_name(host, answer):
    assert egress.is_loopback(host) is answer


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://example.com:8080/a?b=c",
        "https://[2606:4700::1111]/",
        "https://bücher.example/",
    ],
)
def test_web_addresses_are_accepted(url):
    egress.validate_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://",
        "https:///path",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://[::1",
        "//example.com",
        "gopher://127.0.0.1",
    ],
)
def test_others_are_refused_with_an_example(url):
    with pytest.raises(ValidationError, match="is not a web address; write for example"):
        egress.validate_url(url)


def test_passwords_do_not_belong_into_them():
    with pytest.raises(ValidationError, match="Leave user name and password out"):
        egress.validate_url("https://ada:secret@example.com/")
