"""The key by which schemas are registered, in a file of its own, which who provisions reads and nobody else."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from schemas.files import write_atomically
from schemas.registrar import WriterKey

FILE = "registry-writer-key"
BITS = 3072
"""As strong as the other keys here, P-256 (NIST SP 800-57); Quarkus takes RSA alone where it is told the key."""


def ensure_writer_key(path: Path) -> WriterKey:
    """Made where it is missing, by whoever is first. The registry is told of it when it starts.

    Raises ConfigError, OSError.
    """
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        write_atomically(draft, key.private_bytes(serialization.Encoding.PEM, form, plain))
        with contextlib.suppress(FileExistsError):  # a link never replaces what the registry may have been told
            os.link(draft, path)
        draft.unlink()
    return WriterKey.load(path)
