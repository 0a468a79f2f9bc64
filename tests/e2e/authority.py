"""A certificate authority of the tests' own: hosts under .test are this machine, over https."""

import base64
import hashlib
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "r-button tests")])


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _certificate() -> x509.Certificate:
    return (
        _builder(_NAME, _key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(_key(), hashes.SHA256())
    )


def spki_sha256() -> str:
    """What Chromium is told to trust: base64 of the SHA-256 of the authority's public key."""
    spki = _key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")


def certificate() -> str:
    """What Firefox is told to trust: base64 of the authority's certificate, DER."""
    return base64.b64encode(_certificate().public_bytes(Encoding.DER)).decode("ascii")


def server_context(names: Sequence[str]) -> ssl.SSLContext:
    """TLS for a server of these names; `*.` stands for one label."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _builder(x509.Name([]), key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), True)
        .sign(_key(), hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Python takes it from a file only. Chromium looks for the authority in what the server sends.
    with tempfile.NamedTemporaryFile() as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.write(leaf.public_bytes(Encoding.PEM) + _certificate().public_bytes(Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _builder(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )
