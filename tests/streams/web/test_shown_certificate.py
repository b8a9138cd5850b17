"""A certificate that is renewed on disk, on a server that goes on."""

from __future__ import annotations

import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deploy.local.authority import LEAF_LIFE, VAULT, Certificates, ensure_certificates
from schemas.errors import ConfigError
from streams.web.server import WebServer
from streams.web.settings import HttpSettings
from streams.web.shown_certificate import PemFiles, ShownCertificate

NOW = datetime.now(UTC)


class Site:
    """A page with a certificate that stands in two files, and the authorities that browsers may trust."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files = PemFiles(root / "cert.pem", root / "cert.key")
        self.old = self.issue("old")
        self.renew(self.old)
        self.shown = ShownCertificate(self.files)
        app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
        self.server = WebServer(app, HttpSettings(), self.shown)
        self.url = self.server.start()

    def issue(self, name: str, at: datetime = NOW) -> Certificates:
        """By an authority of its own."""
        (self._root / name).mkdir()
        return ensure_certificates(self._root / name, self._root / f"{name}.key", at)

    def renew(self, made: Certificates) -> None:
        """As a renewing program does."""
        shutil.copy(made.key(VAULT), self.files.key)
        shutil.copy(made.certificate(VAULT), self.files.certificate)

    def look(self) -> bool:
        """As often as it takes to be sure that nobody is still writing."""
        return self.shown.look(NOW) or self.shown.look(NOW)

    def shows(self, made: Certificates) -> bool:
        """To whoever connects now."""
        try:
            answer = httpx.get(self.url, verify=ssl.create_default_context(cafile=str(made.ca)))
        except httpx.ConnectError:
            return False
        return answer.text == "here"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.server.stop()


def test_whoever_connects_after_it_was_renewed_sees_the_new_one(site):
    new = site.issue("new")
    assert (site.shows(site.old), site.shows(new)) == (True, False)
    assert not site.look()
    site.renew(new)
    assert site.look()
    assert (site.shows(site.old), site.shows(new)) == (False, True)
    assert not site.look()


def test_while_the_two_files_are_being_written_nothing_is_said(site):
    new = site.issue("new")
    shutil.copy(new.key(VAULT), site.files.key)
    assert not site.shown.look(NOW)
    site.renew(new)
    assert not site.shown.look(NOW)
    assert site.shown.look(NOW)
    assert site.shows(new)


def test_a_connection_that_is_open_goes_on(site):
    with httpx.Client(verify=ssl.create_default_context(cafile=str(site.old.ca))) as client:
        assert client.get(site.url).text == "here"
        site.renew(site.issue("new"))
        assert site.look()
        assert client.get(site.url).text == "here"


@pytest.mark.parametrize("broken", ["key", "certificate"])
def test_one_that_can_t_be_used_is_said_once_and_the_one_before_is_shown_on(site, broken):
    file = getattr(site.files, broken)
    file.write_bytes(site.issue("new").key(VAULT).read_bytes())
    with pytest.raises(ConfigError, match="are no certificate"):
        site.look()
    assert not site.look()
    assert site.shows(site.old)
    new = site.issue("mended")
    site.renew(new)
    assert site.look()
    assert site.shows(new)


def test_one_that_has_expired_is_not_taken_up(site):
    site.renew(site.issue("expired", NOW - LEAF_LIFE - timedelta(days=1)))
    with pytest.raises(ConfigError, match="has expired"):
        site.look()
    assert site.shows(site.old)


def test_files_that_are_gone_are_said_and_come_back(site):
    site.files.key.unlink()
    with pytest.raises(ConfigError, match="can't be read"):
        site.look()
    assert site.shows(site.old)
    site.renew(site.old)
    assert not site.look()


def test_since_and_until_when_it_holds_are_metrics(site):
    def said():
        names = ("veil_certificate_begins_seconds", "veil_certificate_expires_seconds")
        return [REGISTRY.get_sample_value(it) for it in names]

    def of(made):
        certificate = x509.load_pem_x509_certificate(made.certificate(VAULT).read_bytes())
        return [certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()]

    assert said() == of(site.old)
    assert said()[1] == pytest.approx((NOW + LEAF_LIFE).timestamp(), abs=1)
    new = site.issue("new", NOW - timedelta(days=1))
    site.renew(new)
    assert site.look()
    assert said() == of(new) != of(site.old)


def test_a_server_does_not_begin_with_files_that_are_no_pair(tmp_path):
    for name in ("cert.pem", "cert.key"):
        (tmp_path / name).write_text("nothing")
    with pytest.raises(ConfigError, match="are no certificate"):
        ShownCertificate(PemFiles(tmp_path / "cert.pem", tmp_path / "cert.key"))
