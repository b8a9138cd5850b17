"""The local schema registry: Apicurio Registry behind client certificates, its ids in a file of its own.

Who may do what there: `registry_rights`.
"""

from __future__ import annotations

import shutil
import ssl
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local import registry_rights, writer_key
from deploy.local.authority import REGISTRY, REGISTRY_CLIENT, Certificates
from deploy.local.disk import CACHE_MIN_FREE, explained, require_space
from deploy.local.downloads import read_lock
from deploy.local.endpoints import RegistryEndpoint
from deploy.local.layout import Layout
from deploy.local.part import Command, java, plain_environment
from deploy.local.ports import Ports
from deploy.local.registry_rights import CONFLUENT_API
from deploy.local.runner import Programs
from schemas.errors import StackError
from schemas.registry import tls_context

HEAP_MIB = 192
PROBE_TIMEOUT_S = 1.0
ARTIFACT = "apicurio-registry-app"

# Quarkus fixes whether client certificates are required when an application is built, and Apicurio was built with
# "no". The answer is one constant in one generated class; a copy that says "yes" goes ahead in the class path, in
# a jar: Java keeps no archive of a class path that has a folder in it (`archives.py`).
FIXED_SETTINGS = "io/quarkus/runtime/generated/BuildTimeRunTimeFixedConfigSourceBuilder.class"
# CONSTANT_Utf8_info (JVM specification, 4.4.7): tag 1, length in two bytes, the text.
CERTIFICATES_OFF = b"\x01\x00\x04NONE"
CERTIFICATES_ON = b"\x01\x00\x08REQUIRED"
CERTIFICATES = "certificates.jar"
"""What holds that copy, beside the archive's own content."""


class Registry:
    """Implements Part."""

    name = "registry"
    ready_within_s = 120.0

    def __init__(
        self, layout: Layout, programs: Programs, ports: Ports, certificates: Certificates, public_key: str
    ) -> None:
        self._layout = layout
        self._programs = programs
        self._ports = ports
        self._certificates = certificates
        self._public_key = public_key
        self._folder = layout.data("registry")
        self._tls: ssl.SSLContext | None = None

    @property
    def endpoint(self) -> RegistryEndpoint:
        return RegistryEndpoint(
            url=f"https://127.0.0.1:{self._ports.registry}{CONFLUENT_API}",
            ca_file=self._certificates.ca,
            # One file for both, replaced in one piece: no client reads a new certificate with the key before.
            cert_file=self._certificates.bundle(REGISTRY_CLIENT),
            key_file=self._certificates.bundle(REGISTRY_CLIENT),
            token_key_file=self._layout.secrets / writer_key.FILE,
        )

    def command(self) -> Command:
        class_path = ":".join(str(place) for place in self._programs.registry)
        told = settings("127.0.0.1", self._ports.registry, self._certificates, self._folder, self._public_key)
        flags = (*self._programs.archive_flags(self.name), *java_flags(class_path, told))
        return Command(
            java(self._programs.java, self._layout, HEAP_MIB, *flags), plain_environment(), self._folder
        )

    def prepare(self) -> None:
        """Nothing: the database creates itself."""

    def ready(self) -> bool:
        """Whether it serves who shows our certificate, and nobody else. Raises StackError where it answers whoever
        shows none: Java passes over what is missing in a class path, and what asks for certificates lies there.
        """
        if self._tls is None:
            self._tls = self.endpoint.tls()
        try:
            if self._answer(self._tls) != httpx.codes.OK:
                return False
            stranger = self._answer(tls_context(self._certificates.ca))
        except httpx.TimeoutException:  # which says nothing of whom it lets in
            return False
        if stranger is not None:
            raise StackError(
                "The registry answers whoever shows no certificate, so it is not used. Delete the folder"
                f" {self._programs.registry[0].parent} and start again: it is made anew."
            )
        return True

    def _answer(self, tls: ssl.SSLContext) -> int | None:
        """The status of its answer; None where the connection is refused. Raises httpx.TimeoutException."""
        try:
            with httpx.Client(verify=tls, timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
                return client.get(f"{self.endpoint.url}/subjects").status_code
        except httpx.TimeoutException:
            raise
        except httpx.HTTPError:
            return None


def runner() -> str:
    """The file that Java runs, in the unpacked archive."""
    (archive,) = (it for it in read_lock() if it.name == ARTIFACT)
    return f"{archive.name}-{archive.version}-runner.jar"


def java_flags(class_path: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    """What Java is told of it. Only the quick compiler: it starts 0.3 s faster, and a few requests an hour repay
    no optimising.
    """
    properties = (f"-D{key}={value}" for key, value in settings.items())
    return ("-XX:TieredStopAtLevel=1", *properties, "-cp", class_path, "io.quarkus.runner.GeneratedMain")


def settings(host: str, port: int, certificates: Certificates, folder: Path, public_key: str) -> dict[str, str]:
    """Where it listens, whom it lets in to what, and where its ids are. `public_key`: of who provisions."""
    return registry_rights.settings(public_key) | {
        "quarkus.http.host": host,
        "quarkus.http.insecure-requests": "disabled",
        "quarkus.http.ssl-port": str(port),
        "quarkus.http.ssl.protocols": "TLSv1.3",
        "quarkus.http.ssl.certificate.files": str(certificates.certificate(REGISTRY)),
        "quarkus.http.ssl.certificate.key-files": str(certificates.key(REGISTRY)),
        "quarkus.http.ssl.certificate.reload-period": "30s",  # the shortest that Quarkus takes
        "quarkus.http.ssl.certificate.trust-store-files": str(certificates.ca),
        "quarkus.http.ssl.certificate.trust-store-file-type": "PEM",
        "quarkus.log.level": "WARN",
        'quarkus.log.category."io.apicurio".level': "WARN",
        # In memory by default; ids given anew after a restart would make old records unreadable.
        # WRITE_DELAY=0: what was answered is on disk, even if the process is killed the moment after.
        "REGISTRY_DATASOURCE_URL": f"jdbc:h2:file:{folder / 'schemas'};WRITE_DELAY=0",
        "quarkus.datasource.jdbc.initial-size": "1",
        "quarkus.datasource.jdbc.min-size": "1",  # 20 by default, each with its own memory
        "quarkus.datasource.jdbc.max-size": "10",
    }


def unpack(archive: Path, sha256: str) -> tuple[Path, Path]:
    """The class path in a folder beside `archive` with its content and the changed class; the folder is made once,
    whole or not at all.
    """
    folder = archive.parent / f"registry-{sha256[:16]}"
    if not folder.exists():
        _unpack(archive, folder)
    return folder / CERTIFICATES, next(folder.glob("*-runner.jar"))


def _unpack(archive: Path, folder: Path) -> None:
    require_space(archive.parent, CACHE_MIN_FREE)
    with explained(archive.parent):
        made = Path(tempfile.mkdtemp(dir=archive.parent, prefix=".unpack-"))
        try:
            with tarfile.open(archive) as content:
                content.extractall(made, filter="data")
            _require_certificates(made)
            made.rename(folder)
        except BaseException as error:  # Ctrl-C too
            shutil.rmtree(made, ignore_errors=True)
            if not (isinstance(error, OSError) and folder.exists()):  # else another stack was quicker
                raise


def _require_certificates(unpacked: Path) -> None:
    with zipfile.ZipFile(next(unpacked.glob("*-runner.jar"))) as runner:
        settings = runner.read(FIXED_SETTINGS)
    if settings.count(CERTIFICATES_OFF) != 1:
        raise StackError(
            "This build of Apicurio can't be made to require client certificates; use the pinned one."
        )
    with zipfile.ZipFile(unpacked / CERTIFICATES, "w") as changed:
        changed.writestr(FIXED_SETTINGS, settings.replace(CERTIFICATES_OFF, CERTIFICATES_ON))
