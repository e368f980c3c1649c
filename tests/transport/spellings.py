"""Hundreds of spellings of addresses nobody may reach without permission (P21)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

PRIVATE = ("127.0.0.1", "127.255.255.254", "10.0.0.5", "172.16.9.9", "192.168.1.20", "100.64.0.1", "198.18.0.1")
NEVER = ("0.1.2.3", "169.254.169.254", "169.254.1.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "100.100.100.200",
         "168.63.129.16", "192.0.0.192", "192.0.2.1")  # fmt: skip
PRIVATE_6 = ("::1", "fc00::1", "fd12:3456::1")
NEVER_6 = ("::", "fe80::1", "fec0::1", "ff02::1", "fd00:ec2::254", "2001:db8::1", "64:ff9b::a9fe:a9fe")


def numeric_spellings(address: str) -> Iterator[str]:
    """What inet_aton, browsers and old libraries take for this IPv4 address."""
    a, b, c, d = (int(part) for part in address.split("."))
    number = int(ipaddress.IPv4Address(address))
    yield address
    yield f"{address}."
    yield str(number)
    yield hex(number)
    yield f"0X{number:08X}"
    yield f"0{number:o}"
    yield f"{a}.{(b << 16) | (c << 8) | d}"
    yield f"{a}.{b}.{(c << 8) | d}"
    yield f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"{a:04d}.{b:04d}.{c:04d}.{d:04d}"
    yield "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in address)  # full width
    yield address.replace(".", "\u3002")
    yield address.replace(".", "\uff0e")
    yield address.replace("1", "\u2460").replace("2", "\u2461")
    yield address.replace(".", "%2e")
    yield f"%{ord(address[0]):x}{address[1:]}"


def embedded_spellings(address: str) -> Iterator[str]:
    """IPv6 addresses that carry this IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    high, low = number >> 16, number & 0xFFFF
    yield f"[::ffff:{address}]"
    yield f"[::ffff:{high:x}:{low:x}]"
    yield f"[0:0:0:0:0:FFFF:{high:04X}:{low:04X}]"
    yield f"[::ffff:0:{high:x}:{low:x}]"
    yield f"[::{address}]"
    yield f"[64:ff9b::{address}]"
    yield f"[64:ff9b:1::{address}]"
    yield f"[2002:{high:x}:{low:x}::1]"
    yield f"[2001:0:808:808::{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}]"
    yield f"[2001:0:{high:x}:{low:x}::1]"


def hosts() -> Iterator[str]:
    for address in PRIVATE + NEVER:
        yield from numeric_spellings(address)
        yield from embedded_spellings(address)
    for address in PRIVATE_6 + NEVER_6:
        yield f"[{address}]"
        yield f"[{ipaddress.IPv6Address(address).exploded.upper()}]"
        yield f"[{address}%25lo]"
        yield f"[{address}%lo]"
    yield from (
        "localhost",
        "LOCALHOST",
        "localhost.",
        "x.localhost",
        "ⓛocalhost",
        "local\u00adhost",
        "lo\u200bcalhost",
    )


def urls(port: int) -> Iterator[str]:
    """Each host in a URL, and the tricks in which one reader sees a good host and another a bad one."""
    for host in hosts():
        yield f"http://{host}:{port}/"
    good, bad = "vendor.example", f"127.0.0.1:{port}"
    yield from (
        f"http://{good}@{bad}/", f"http://{good}:80@{bad}/", f"http://{good}%40{bad}/", f"http://{bad}#@{good}/",
        f"http://{bad}\\@{good}/", f"http://{good}\\@{bad}/", f"http://{bad}?@{good}/", f"http://{bad}/@{good}/",
        f"http:\\\\{bad}/", f"http:/{bad}/", f"http:{bad}/", f"//{bad}/", f"http:///{bad}/", f"http:////{bad}/",
        f" http://{bad}/", f"http://{bad}\t/", f"http://\t{bad}/", f"http://{bad}\r\nHost: {good}/", f"ht\ntp://{bad}/",
        f"HTTP://{bad}/", f"http://{good} {bad}/", f"http://{bad};{good}/", f"http://{bad},{good}/",
        f"http://[::1]{bad}/", f"http://[{bad}]/", f"http://127.0.0.1:{port}:80/", f"http://127.0.0.1:0{port}/",
        f"http://127.0.0.1:+{port}/", f"http://127.0.0.1:{port + 65536}/", "http://127.0.0.1:/", "http://127.0.0.1/",
        f"ftp://{bad}/", f"gopher://{bad}/", f"file://{bad}/etc/passwd", "file:///etc/passwd", f"ws://{bad}/",
        f"dict://{bad}/", f"unix://{bad}/", f"http+unix://{bad}/", "javascript:alert(1)", "data:text/plain,x",
        f"http://user:pass@{bad}/", f"http://@{bad}/", f"http://:@{bad}/", "http://", "http://:80/", "http:///x",
        f"http://{bad}\x00.{good}/", f"http://{bad}%00.{good}/", f"http://.{bad}/", "http://*/", "http://-x-/",
    )  # fmt: skip
