# ruff: noqa: RUF001 - names in other scripts are what is tested

from __future__ import annotations

import pytest

from streams.redact.detect.context.skeleton import skeleton
from streams.redact.detect.context.typos import is_slip

# Each line: one name, as the passport, the press and the neighbours write it.
SPELLINGS = """
Юлия Yulia Julia Julija Yuliya
Сергей Sergey Sergei Serguei
Щербаков Shcherbakov Schtscherbakow
Чайковский Tchaikovsky Tschaikowski Chaikovskiy
Хрущёв Khrushchev Chruschtschow
Цветаева Tsvetaeva Tsvetayeva Cvetaeva
Жуков Zhukov Žukov
Ельцин Yeltsin Jelzin Eltsin
Евгений Yevgeny Evgenij Evgeny
Ксения Ksenia Xenia Kseniya
Дмитрий Dmitry Dmitri Dmitriy Dmitrij
Александр Aleksandr Alexander
Смирнов Smirnov Smirnow
Олександр Oleksandr
Γιώργος Giorgos Yiorgos
Παπαδόπουλος Papadopoulos Papadopulos
Χρήστος Christos Hristos
Ευάγγελος Evangelos
Μπάμπης Babis Bampis
Κωνσταντίνος Konstantinos
Δημήτρης Dimitris
Φίλιππος Philippos Filippos
"""


@pytest.mark.parametrize("line", SPELLINGS.split("\n")[1:-1])
def test_spellings_of_a_name_meet_within_a_slip(line):
    original, *others = (skeleton(word) for word in line.split())
    assert all(other == original or is_slip(other, original) for other in others)


@pytest.mark.parametrize(
    ("one", "two"), [("Юлия", "Irina"), ("Жуков", "Popov"), ("Γιώργος", "Nikos"), ("Anna", "Ivan")]
)
def test_other_names_do_not_meet(one, two):
    assert skeleton(one) != skeleton(two)
    assert not is_slip(skeleton(one), skeleton(two))


def test_accents_do_not_change_a_skeleton():
    assert skeleton("Ι\u0301ωάννης") == skeleton("Ιωαννης")
