from __future__ import annotations

from deploy.demo.canaries import MIN_WORD, Aviary


def test_the_same_seed_makes_the_same_canaries_and_another_seed_others():
    def values(seed):
        aviary = Aviary(seed)
        aviary.person()
        return [canary.value for canary in aviary.planted]

    assert values(1) == values(1)
    assert not set(values(1)) & set(values(2))


def test_no_two_canaries_are_alike_and_their_words_are_long():
    aviary = Aviary(3)
    for _ in range(100):
        aviary.person()
        aviary.card()
    values = [canary.value for canary in aviary.planted]
    words = [word.lower() for canary in aviary.planted for word in canary.words]
    assert len(set(values)) == len(values) == 600
    assert len(set(words)) == len(words)
    assert min(map(len, words)) >= MIN_WORD


def test_cards_have_a_valid_check_digit():
    digits = [int(char) for char in Aviary(4).card().value if char.isdigit()]
    doubled = [digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(digits[::-1])]
    assert len(digits) == 16
    assert sum(doubled) % 10 == 0


def test_account_numbers_have_a_valid_check_number():
    iban = Aviary(5).iban().value.replace(" ", "")
    assert int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def test_a_canary_prints_as_nothing():
    canary = Aviary(6).name()
    assert canary.value not in f"{canary} {canary!r}"
