"""How many logins of honest people fail in an hour: `python -m tests.streams.audit.logins`.

Each signs in three times on each of twenty days: in the morning, after lunch, and once more. One try in twelve
fails, by the password or by a code that was over, and one in five of those after it. After a weekend one in thirty
has forgotten the password and tries until the account is closed. Drawn from a seed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

from streams.audit.guessing import Guessing

MONDAY = 1_767_571_200_000
HOUR, DAY = 3_600_000, 86_400_000
TRIES = 5
DAYS = 20


def failed(people: int, seed: int) -> list[int]:
    """When a login failed, in a month, in order."""
    random = Random(seed)
    return sorted(time for day in range(DAYS) for _ in range(people) for time in _of_one(day, random))


def _of_one(day: int, random: Random) -> Iterator[int]:
    midnight = MONDAY + (day // 5 * 7 + day % 5) * DAY
    forgotten = day % 5 == 0 and random.random() < 1 / 30
    for hour, spread in ((8.5, 0.6), (13, 0.5), (random.uniform(9, 18), 0.1)):
        time = midnight + int(random.gauss(hour, spread) * HOUR)
        chance = 1.0 if forgotten else 1 / 12
        for _ in range(TRIES):
            if random.random() >= chance:
                break
            yield time
            time += random.randint(5_000, 30_000)
            chance = 1.0 if forgotten else 1 / 5
        forgotten = False


def told(times: list[int]) -> int:
    """How often it would be told."""
    guessing = Guessing()
    return sum(guessing.failed("auth/veil-people/login", time) > 0 for time in times)


def most(times: list[int], within: int) -> int:
    """The most within any such time."""
    first = highest = 0
    for last, time in enumerate(times):
        while times[first] <= time - within:
            first += 1
        highest = max(highest, last - first + 1)
    return highest


def main(months: int = 5) -> None:
    sys.stdout.write("| people | most in a minute | most in an hour | told |\n|---|---|---|---|\n")
    for people in (12, 100, 200, 300):
        found = [failed(people, seed) for seed in range(months)]
        minute, hour = (max(most(it, within) for it in found) for within in (60_000, HOUR))
        sys.stdout.write(f"| {people} | {minute} | {hour} | {sum(map(told, found))} |\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
