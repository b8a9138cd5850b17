from __future__ import annotations

import pytest

from deploy.signin.configuration import (
    Listening,
    Provider,
    SignInConfiguration,
    load,
    read_listening,
    read_provider,
    save,
)
from schemas.errors import ConfigError
from streams.web.server import is_loopback

OIDC = {
    "VEIL_OIDC_ISSUER": "https://login.test",
    "VEIL_OIDC_CLIENT_ID": "veil",
    "VEIL_OIDC_PERSON_CLAIM": "employee",
    "VEIL_OIDC_ACR": "mfa",
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.pem"
    path.write_text("x")
    return str(path)


def test_alone_label_listens_on_loopback_in_clear():
    assert read_listening({}) == Listening("127.0.0.1", "127.0.0.1")
    assert SignInConfiguration(read_listening({}), 8080, None).origin == "http://127.0.0.1:8080"


def test_with_a_certificate_it_may_listen_anywhere(file):
    found = read_listening(
        {"VEIL_LABEL_HOST": "::", "VEIL_LABEL_NAME": "label.test", "VEIL_LABEL_CERT": file, "VEIL_LABEL_KEY": file}
    )
    assert found == Listening("::", "label.test", file, file)
    assert SignInConfiguration(found, 8443, None).origin == "https://label.test:8443"


@pytest.mark.parametrize("host", ["::", "192.0.2.7", "label.test", "127.0.0.1.evil.test", ""])
def test_in_clear_it_listens_nowhere_else(host):
    if not host:
        assert read_listening({"VEIL_LABEL_HOST": host}).host == "127.0.0.1"
        return
    with pytest.raises(ConfigError, match=r"VEIL_LABEL_HOST .* need TLS .* VEIL_LABEL_CERT and VEIL_LABEL_KEY"):
        read_listening({"VEIL_LABEL_HOST": host})


@pytest.mark.parametrize("name", ["VEIL_LABEL_CERT", "VEIL_LABEL_KEY"])
def test_certificate_and_key_go_together(file, name):
    with pytest.raises(ConfigError, match="go together"):
        read_listening({name: file})


def test_certificate_that_is_no_file_is_named(file):
    with pytest.raises(ConfigError, match="VEIL_LABEL_KEY names /nowhere"):
        read_listening({"VEIL_LABEL_CERT": file, "VEIL_LABEL_KEY": "/nowhere"})


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("192.0.2.7", False),
        ("x", False),
    ],
)
def test_what_is_loopback(host, loopback):
    assert is_loopback(host) is loopback


def test_no_external_provider_without_an_issuer():
    assert read_provider({}) is None


def test_external_provider_is_read(file):
    more = {"VEIL_OIDC_SCOPE": "openid x", "VEIL_OIDC_CA": file, "VEIL_OIDC_CLIENT_SECRET_FILE": file}
    assert read_provider(OIDC | {"VEIL_OIDC_DEVICE_CLAIM": "device"}).device_claim == "device"
    found = read_provider(OIDC | more | {"VEIL_OIDC_AMR": "otp"})
    assert found == Provider("https://login.test", "veil", "employee", "openid x", "mfa", "otp", False, file, file)


@pytest.mark.parametrize(
    ("without", "named"),
    [
        ("VEIL_OIDC_ISSUER", "VEIL_OIDC_ISSUER is not"),
        ("VEIL_OIDC_CLIENT_ID", "so VEIL_OIDC_CLIENT_ID must be set"),
        ("VEIL_OIDC_PERSON_CLAIM", "so VEIL_OIDC_PERSON_CLAIM must be set"),
        ("VEIL_OIDC_ACR", "a second factor is required"),
    ],
)
def test_provider_that_is_not_wholly_configured_is_refused(without, named):
    with pytest.raises(ConfigError, match=named):
        read_provider({name: value for name, value in OIDC.items() if name != without})


def test_provider_in_clear_is_refused():
    with pytest.raises(ConfigError, match="https"):
        read_provider(OIDC | {"VEIL_OIDC_ISSUER": "http://login.test"})


def test_what_is_handed_on_comes_back(tmp_path):
    (tmp_path / "run").mkdir()
    demo = SignInConfiguration(Listening(), 1, Provider("https://login.test", "veil", "employee", enforcing=True))
    other = SignInConfiguration(Listening("::", "label.test", "/c", "/k"), 2, None)
    save(tmp_path, {"demo": demo, "other": other})
    assert (load(tmp_path, "demo"), load(tmp_path, "other"), load(tmp_path, "third")) == (demo, other, None)
    assert (tmp_path / "run" / "signin.json").stat().st_mode & 0o777 == 0o600


def test_nothing_handed_on_is_nothing(tmp_path):
    assert load(tmp_path, "demo") is None


@pytest.mark.parametrize(
    "content", ["", "[]", '{"demo": {}}', '{"demo": {"listening": {"x": 1}, "port": 1, "provider": null}}']
)
def test_damaged_file_is_named(tmp_path, content):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "signin.json").write_text(content)
    with pytest.raises(ConfigError, match=r"signin\.json is damaged"):
        load(tmp_path, "demo")
