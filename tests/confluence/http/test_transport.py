"""Calls to a site need TLS with a trusted certificate."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lockpoint.confluence.http.calls import get
from lockpoint.services.errors import HostUnavailable
from tests.confluence.doubles import Kit, as_app

READ = get("file.read", "/rest/api/content/1")


def certificate(folder: Path, host: str, days: int = 1) -> Path:
    """A self-signed certificate with key; it ends so many days from now."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)  # noqa: TID251 - OpenSSL asks the real clock
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@contextmanager
def secure_host(file: Path, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Iterator[tuple[str, list[str]]]:
    """Yield the address and the received requests; the host speaks TLS up to the newest version."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_values: object) -> None:
            """Keep silent."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version, context.maximum_version = min(newest, ssl.TLSVersion.TLSv1_2), newest
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/wiki", asked
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize(("host", "trusted", "days", "asked"), [
    ("localhost", True, 1, 1), ("localhost", False, 1, 0), ("elsewhere.example", True, 1, 0),
    ("localhost", True, -1, 0),
])  # fmt: skip
def test_a_certificate_that_does_not_fit_gets_no_request(
    kit: Kit, tmp_path: Path, host: str, trusted: bool, days: int, asked: int
) -> None:
    """F47: unknown, of another host, or run out."""
    file = certificate(tmp_path, host, days)
    session = kit.client._wire.sessions.mine()
    session.verify = str(file) if trusted else session.verify
    with secure_host(file) as (address, received):
        if asked:
            kit.client.ask(as_app(address), READ)
        else:
            with pytest.raises(HostUnavailable):
                kit.client.ask(as_app(address), READ)
    assert len(received) == asked


@pytest.mark.parametrize(("newest", "asked"), [(ssl.TLSVersion.TLSv1_2, 1), (ssl.TLSVersion.TLSv1_1, 0)])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_host_that_speaks_only_old_tls_gets_no_request(
    kit: Kit, tmp_path: Path, newest: ssl.TLSVersion, asked: int
) -> None:
    """F47."""
    file = certificate(tmp_path, "localhost")
    kit.client._wire.sessions.mine().verify = str(file)
    with secure_host(file, newest) as (address, received):
        if asked:
            kit.client.ask(as_app(address), READ)
        else:
            with pytest.raises(HostUnavailable):
                kit.client.ask(as_app(address), READ)
    assert len(received) == asked
