"""A real nginx for tests: one process with a server for each way of standing before Nexus, on ports of loopback.

Its configuration is that of docs/deploy.md, with other names and ports, and variations of it.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.checkout import ROOT

NAME = "votes.example"
"""The name by which browsers reach it; the tests' Chromium takes it for loopback."""
START_S = 60.0
_BLOCK = re.compile(r"^```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def find_nginx() -> str:
    """The path of nginx; without one the test is skipped, or fails in CI."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("NEXUS_CI") == "1":
        pytest.fail("there is no nginx")
    if found is None:
        pytest.skip("there is no nginx")
    return found


def documented() -> tuple[str, str]:
    """The two configurations of docs/deploy.md: a server with TLS, and the locations below a path."""
    whole, below = _BLOCK.findall((ROOT / "docs" / "deploy.md").read_text("utf-8"))
    return whole, below


class Certificate:
    """A certificate of its own for `NAME` and 127.0.0.1, its files in `folder`, and what trusts it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(IPv4Address("127.0.0.1"))])
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
        self.certificate, self.key = folder / "nginx.pem", folder / "nginx.key"
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.trusted = ssl.create_default_context(cafile=str(self.certificate))


@contextmanager
def running(folder: Path, servers: str, port: int) -> Iterator[None]:
    """An nginx with the configuration `servers`, which answers on `port`."""
    program = find_nginx()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{servers}\n}}\n"
    )
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        _until_up(process, port, folder)
        yield
    finally:
        process.terminate()
        process.wait(START_S)


def _until_up(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nginx is not there\n{(folder / 'error.log').read_text()}")
