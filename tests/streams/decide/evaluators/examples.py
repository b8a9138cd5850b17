"""Evaluators that behave in every way, for the tests. They run in processes of their own."""

from __future__ import annotations

import os
import sys
import time
from decimal import Decimal

from streams.decide.evaluators import Signal


class Counts:
    """Good: how many spans each label has."""

    def evaluate(self, labels):
        return [Signal(it.label_id, "spans", float(len(it.spans))) for it in labels]


class Sees:
    """How many environment variables and arguments that look like secrets it finds."""

    def evaluate(self, labels):
        seen = float(len(os.environ) + sum("password" in it for it in sys.argv))
        return [Signal(labels[0].label_id, "seen", seen)]


class Raises:
    def evaluate(self, labels):
        raise RuntimeError(labels[0].person)


class RaisesAtFirst(Counts):
    def __init__(self):
        self.asked = 0

    def evaluate(self, labels):
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError
        return super().evaluate(labels)


class Hangs:
    def evaluate(self, labels):
        while True:
            time.sleep(60)


class Spins:
    def evaluate(self, labels):
        while True:
            pass


class Ends:
    def evaluate(self, labels):
        os._exit(1)


class Says:
    """Something else than signals of these labels."""

    what: list = []  # noqa: RUF012 - set by those below

    def evaluate(self, labels):
        return self.what


class SaysOfAnother(Says):
    what = [Signal("another", "x", 1.0)]  # noqa: RUF012


class SaysWords(Says):
    what = [Signal("task-1-a", "Jane Doe was here", 1.0)]  # noqa: RUF012


class SaysNoNumber(Says):
    what = [Signal("task-1-a", "x", float("nan"))]  # noqa: RUF012


class SaysADecimal(Says):
    what = [Signal("task-1-a", "x", Decimal(1))]  # noqa: RUF012


class SaysNoSignal(Says):
    what = ["Jane Doe was here"]  # noqa: RUF012


class SaysTwice(Says):
    what = [Signal("task-1-a", "x", 1.0)] * 2


class SaysTooMuch(Says):
    what = [Signal("task-1-a", f"x{number}", 1.0) for number in range(100)]  # noqa: RUF012


class NeedsArguments:
    def __init__(self, argument):
        pass
