"""The obvious alternative: a plain consumer, stock Presidio, a plain producer. No sealing, no transactions.

A process of its own (`python -m deploy.bench.alternative …`), so that nothing of ours runs beside it. It prints
one line of JSON. What "stock" means: `streams/redact/quality/stock.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from deploy.local.endpoints import load_endpoints
from streams.redact.quality.stock import stock_analyzer

WARM_UP = "Please send it to Jane Miller, jane@example.com."


def main(arguments: list[str] | None = None) -> int:
    """Redact `--count` records of `--source` from `--offset` on to `--sink`."""
    options = _parser().parse_args(arguments)
    settings = load_endpoints(options.root / "run" / "endpoints.json").kafka.client_settings()
    redact = _stock_presidio()
    redact(WARM_UP)
    seconds = _loop(settings, options, redact)
    print(json.dumps({"records": options.count, "seconds": seconds}))  # noqa: T201 - the contract of this process
    return 0


def _stock_presidio() -> Any:  # noqa: ANN401 - Presidio is a guest here, met in this file alone
    from presidio_anonymizer import AnonymizerEngine  # noqa: PLC0415 - a development dependency, for the bench only

    analyze = stock_analyzer()
    anonymizer: Any = AnonymizerEngine()  # type: ignore[no-untyped-call] # it has no types

    def redact(text: str) -> str:
        return str(anonymizer.anonymize(text=text, analyzer_results=analyze(text)).text)

    return redact


def _loop(settings: dict[str, Any], options: argparse.Namespace, redact: Any) -> float:  # noqa: ANN401 - as above
    consumer = Consumer(settings | {"group.id": "bench-alternative", "enable.auto.commit": False})
    producer = Producer(settings)
    consumer.assign([TopicPartition(options.source, 0, options.offset)])
    done, started = 0, 0.0
    while done < options.count:
        message = consumer.poll(1.0)
        if message is None or message.error() is not None:
            continue
        started = started or time.perf_counter()
        record = json.loads(message.value() or b"{}")
        record["text"] = redact(record["text"])
        producer.produce(options.sink, json.dumps(record).encode(), message.key())
        producer.poll(0)
        done += 1
    producer.flush()
    seconds = time.perf_counter() - started
    consumer.close()
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.alternative")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--sink", required=True)
    parser.add_argument("--offset", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
