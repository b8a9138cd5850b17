"""TLS to another process of label: whoever shows the certificate that the owner has written on the log, nobody
else.

The log says which one (only label may write there), so neither a name nor an authority is asked, and a certificate
made for the name that browsers use will do.
"""

from __future__ import annotations

import ssl

from schemas.errors import ConfigError


def trusting(certificate: str) -> ssl.SSLContext | bool:
    """For clients of an owner with this certificate (PEM). False where it has none: plain HTTP, on loopback."""
    if not certificate:
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is what is trusted
    context.load_verify_locations(cadata=certificate)
    return context


def leaf_of(chain: str) -> str:
    """The first certificate of a PEM file: a server's own. Raises ConfigError where there is none."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    start = chain.find(begin)
    stop = chain.find(end, start)
    if start < 0 or stop < 0:
        raise ConfigError("the certificate of label's API is not PEM; see VEIL_LABEL_CERT")
    return chain[start : stop + len(end)] + "\n"
