from __future__ import annotations

import pytest

from deploy.signin import invitation
from deploy.signin.invitation import Invitation
from schemas.errors import ConfigError

INVITED = Invitation("http://127.0.0.1:1/", "ann-1", "the-password", "otpauth://totp/x?secret=ABC")


def test_only_its_owner_reads_it(tmp_path):
    invitation.write(tmp_path, "demo", INVITED)
    path = invitation.path_of(tmp_path, "demo")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert invitation.read(tmp_path, "demo") == INVITED


def test_it_does_not_show_what_it_holds():
    assert "the-password" not in f"{INVITED!r} {INVITED}"


@pytest.mark.parametrize("place", ["demo", invitation.console_name("iris"), invitation.grants_name("abel")])
def test_taken_back_it_is_gone(tmp_path, place):
    invitation.write(tmp_path, place, INVITED)
    invitation.remove_all(tmp_path, ["demo"])
    invitation.remove_all(tmp_path, ["demo"])
    assert invitation.read(tmp_path, place) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"page": "x", "secret": 1}'])
def test_damaged_file_is_named_without_its_content(tmp_path, content):
    invitation.write(tmp_path, "demo", INVITED)
    invitation.path_of(tmp_path, "demo").write_text(content)
    with pytest.raises(ConfigError, match=r"demo\.json is damaged"):
        invitation.read(tmp_path, "demo")
