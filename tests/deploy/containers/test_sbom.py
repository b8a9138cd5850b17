from __future__ import annotations

from pathlib import Path

from deploy.containers.sbom import component, interpreter, packages_of

OWNERS = {
    Path("/lib/x86_64-linux-gnu/libc.so.6"): ("libc6", "2.36-9+deb12u14"),
    Path("/usr/bin/python3.11"): ("python3.11-minimal", "3.11.2-6"),
}


def test_a_file_is_its_package_s_by_either_of_its_names() -> None:
    files = [Path("/usr/lib/x86_64-linux-gnu/libc.so.6"), Path("/bin/python3.11")]
    assert packages_of(files, OWNERS) == set(OWNERS.values())


def test_what_no_package_brought_is_nobody_s() -> None:
    assert packages_of([Path("/etc/passwd"), Path("/usr/share/none")], OWNERS) == set()


def test_a_package_is_named_as_package_urls_are() -> None:
    made = component("libcrypt1", "1:4.4.33-2+b1")
    assert made["purl"] == made["bom-ref"] == "pkg:deb/debian/libcrypt1@1%3A4.4.33-2%2Bb1"
    assert made["version"] == "1:4.4.33-2+b1"


def test_an_interpreter_that_no_package_brought_is_named_too() -> None:
    assert interpreter("3.11.13")["purl"] == "pkg:generic/python@3.11.13"
