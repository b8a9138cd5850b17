"""Whom a client of HTTP trusts, by the address that it is for."""

from __future__ import annotations

import ssl

from schemas.tls import NOBODY, trusted_at


def test_with_tls_it_is_whom_the_machine_trusts():
    trusted = trusted_at("https://label.example")
    assert trusted.get_ca_certs() == ssl.create_default_context().get_ca_certs()
    assert (trusted.verify_mode, trusted.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_however_the_scheme_is_written():
    assert trusted_at("HTTPS://label.example") is not NOBODY


def test_without_it_nobody_so_that_who_is_led_to_tls_all_the_same_goes_no_further():
    assert trusted_at("http://127.0.0.1:1") is NOBODY
    assert NOBODY.get_ca_certs() == []
    assert NOBODY.check_hostname
