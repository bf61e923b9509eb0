"""Certificates for tests: an authority, and files of what it has signed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class CertificateFiles:
    """The paths of a certificate, of its key, and of one file with both; and what a client trusts."""

    chain: str
    key: str
    both: str
    trusting: ssl.SSLContext


def certificate_files(directory: Path, *names: str) -> CertificateFiles:
    """Write a certificate for names, and return where."""
    directory.mkdir(exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert(*names)
    chain, key, both = directory / "chain.pem", directory / "key.pem", directory / "both.pem"
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    certificate.private_key_pem.write_to_path(str(key))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(both))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return CertificateFiles(str(chain), str(key), str(both), trusting)
