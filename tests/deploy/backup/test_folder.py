"""Backups that somebody has touched: refused by name, before anything in them is decrypted."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.backup import contents
from deploy.backup.age import AgeEnvelope, AgeOpener
from deploy.backup.folder import verified, write_part
from deploy.backup.manifest import FORMAT, MANIFEST, SIGNATURE, Manifest, Part, message
from deploy.backup.rebuilding import furthest
from deploy.backup.records import packed, packed_files
from deploy.backup.secrets import OldSecrets, read_secrets
from deploy.backup.source import BackupSource, later
from schemas.errors import ConfigError
from schemas.hidden import Hidden
from topology.pins import Pins

KEY = Ed25519PrivateKey.generate()
PINS = Pins({"backup.platform": KEY.public_key().public_bytes_raw()})
IDENTITY = pyrage.x25519.Identity.generate()
OPENER = AgeOpener([IDENTITY])
PROJECTS = ("demo",)
PARTS = contents.parts(PROJECTS)


def made(folder, *, cluster="a-cluster", end=7, parts=PARTS, pins=PINS):
    """A backup in which everything but pins is empty."""
    folder.mkdir()
    envelope, written = AgeEnvelope([str(IDENTITY.to_public())]), {}
    for name in parts:
        files = {contents.PINS_NAME: pins.json().encode()} if name == contents.FILES else {}
        small = name in (contents.FILES, contents.SCHEMAS)
        written[name] = Part(*write_part(folder, name, envelope, packed_files(files) if small else packed([])), 0)
    manifest = Manifest(
        FORMAT,
        1,
        cluster,
        "log",
        "0",
        "00",
        "backup.platform",
        ("x",),
        PROJECTS,
        {"control": ((0, end),)},
        written,
    )
    sign(folder, manifest)
    return folder


def sign(folder, manifest):
    data = manifest.data()
    (folder / MANIFEST).write_bytes(data)
    (folder / SIGNATURE).write_bytes(KEY.sign(message(data)).hex().encode())


@pytest.fixture
def folder(tmp_path):
    return made(tmp_path / "backup")


def test_backup_that_nobody_has_touched_is_verified_and_opens(folder):
    source = BackupSource(verified(folder, PINS), OPENER, PINS)
    assert list(source.messages("control")) == []
    assert "demo" in source.topology.projects
    assert source.topology.pins == PINS
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.age")} == {0o600}


@pytest.mark.parametrize("part", ["vault", "control", "segments.demo", "keeper-state.demo"])
def test_missing_part_is_named(folder, part):
    (folder / f"{part}.age").unlink()
    with pytest.raises(ConfigError, match=f"^{part}.age is missing$"):
        verified(folder, PINS)


def test_cut_part_is_named(folder):
    path = folder / "control.age"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        ConfigError, match=r"^control\.age has .* bytes, the manifest says .*: it was cut or changed"
    ):
        verified(folder, PINS)


def test_changed_part_is_named(folder):
    path = folder / "vault.age"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"^vault\.age is not what the manifest says: it was changed"):
        verified(folder, PINS)


def test_part_that_is_exchanged_after_it_was_verified_is_found_as_it_is_read(tmp_path, folder):
    """Of another backup to the same recipients: it opens, and nothing but its hash tells."""
    backup = verified(folder, PINS)
    shutil.copy(made(tmp_path / "another") / "control.age", folder / "control.age")
    source = BackupSource(backup, OPENER, PINS)
    with pytest.raises(ConfigError, match=r"^control\.age was changed while it was read$"):
        list(source.messages("control"))


def test_where_partitions_end_is_told_of_topics_that_were_there(folder):
    source = BackupSource(verified(folder, PINS), OPENER, PINS)
    assert list(source.ends("control")) == [source.end_of_control()]
    assert list(source.ends("raw.nobody")) == []


def test_raw_goes_on_from_the_last_end_that_anybody_has_told():
    assert furthest([3, 9, 0], [5, 7]) == (5, 9, 0)
    assert furthest([], [2]) == (2,)


def test_parts_that_were_exchanged_are_found(folder):
    shutil.copy(folder / "segments.demo.age", folder / "control.age")
    with pytest.raises(ConfigError, match=r"^control\.age "):
        verified(folder, PINS)


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE])
def test_without_manifest_or_signature_it_is_no_backup(folder, name):
    (folder / name).unlink()
    with pytest.raises(ConfigError, match="is missing: this is no backup"):
        verified(folder, PINS)


def test_signed_manifest_that_leaves_a_part_out_is_refused(tmp_path):
    folder = made(tmp_path / "less", parts=[one for one in contents.parts(PROJECTS) if one != "control"])
    with pytest.raises(ConfigError, match="another set of parts: control"):
        verified(folder, PINS)


def test_part_with_a_name_that_leads_elsewhere_is_refused(folder):
    manifest = verified(folder, PINS).manifest
    sign(folder, replace(manifest, parts={**manifest.parts, "../x": Part("00", 0, 0)}))
    with pytest.raises(ConfigError, match="another set of parts"):
        verified(folder, PINS)


def test_whom_it_is_not_for_opens_nothing(folder):
    stranger = AgeOpener([pyrage.x25519.Identity.generate()])
    with pytest.raises(ConfigError, match="none of the keys given opens this backup"):
        BackupSource(verified(folder, PINS), stranger, PINS)


def test_pins_in_it_that_contradict_the_trusted_ones_are_refused(tmp_path):
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    trusted = Pins({**PINS.keys, "ada": KEY.public_key().public_bytes_raw()})
    folder = made(tmp_path / "other", pins=Pins({**PINS.keys, "ada": other}))
    with pytest.raises(ConfigError, match="the signing key of ada is not the pinned one"):
        BackupSource(verified(folder, trusted), OPENER, trusted)


def test_a_later_backup_of_the_same_cluster_tells_what_was_ordered_since(tmp_path, folder):
    than = BackupSource(verified(folder, PINS), OPENER, PINS)
    newer = made(tmp_path / "newer", end=9)
    with later(newer, OPENER, PINS, than) as found:
        assert found is not None
        assert found.end_of_control() == 9


@pytest.mark.parametrize(
    ("cluster", "end", "why"), [("another", 9, "of another Kafka"), ("a-cluster", 6, "older than the backup")]
)
def test_what_is_not_later_or_of_another_cluster_is_not_asked(tmp_path, folder, cluster, end, why):
    than = BackupSource(verified(folder, PINS), OPENER, PINS)
    other = made(tmp_path / "other", cluster=cluster, end=end)
    with pytest.raises(ConfigError, match=why), later(other, OPENER, PINS, than):
        pass


def test_secrets_are_read_where_the_local_stack_keeps_them_and_asked_for_elsewhere(tmp_path):
    asked = []

    def ask(what):
        asked.append(what)
        return "ab" * 32 if "hex" in what else " a-token "

    assert read_secrets(tmp_path, ask) == OldSecrets(bytes.fromhex("ab" * 32), "a-token")
    assert len(asked) == 2
    (tmp_path / "vault-seal-key").write_bytes(b"x" * 32)
    (tmp_path / "vault-root-token").write_text("another\n")
    found = read_secrets(tmp_path, pytest.fail)
    assert found == OldSecrets(b"x" * 32, "another")
    assert isinstance(found, Hidden)


@pytest.mark.parametrize("typed", ["", "zz", "ab" * 31])
def test_what_is_no_seal_key_is_refused_and_not_repeated(tmp_path, typed):
    with pytest.raises(ConfigError, match="seal key") as refused:
        read_secrets(tmp_path, lambda _: typed)
    assert not typed or typed not in str(refused.value)


def test_every_part_has_one_name_and_the_snapshot_lies_between_the_index_and_what_can_have_ended():
    order = contents.parts(("a", "b"))
    assert len(order) == len(set(order))
    assert all(order.index(contents.segments(one)) < order.index(contents.VAULT) for one in "ab")
    for one in ("a", "b"):
        after = (contents.segments_later(one), contents.keeper_state(one), "control", contents.audit(one))
        assert all(order.index(contents.VAULT) < order.index(name) for name in after)
    assert order.index(contents.CHECKPOINTS) < min(
        order.index(contents.audit(one)) for one in ("a", "b", "platform")
    )


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".", "a\n"])
def test_what_is_no_name_of_a_part_names_no_file(name):
    with pytest.raises(ValueError, match="no name"):
        contents.file_of(name)
