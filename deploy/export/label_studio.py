"""Documents as Label Studio's JSON: annotated tasks with their texts, for an import there. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from deploy.export.documents import Document
from streams.label.studio.writing import verdict, with_texts


def label_studio(documents: Iterable[Document]) -> bytes:
    """The file."""
    tasks = [with_texts(verdict(it.verdict), it.texts) for it in documents]
    return (json.dumps(tasks, ensure_ascii=False, indent=1) + "\n").encode()
