from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.training.synthetic import assembled
from streams.redact.training.synthetic.filling import Segment
from streams.redact.training.synthetic.noise import noisy

TEXT = [Segment("Don't ask ", None), Segment("Zoë Müller-O'Brien", "PERSON"), Segment(", she's in ", None),
        Segment("Łódź", "LOCATION"), Segment(".", None)]  # fmt: skip


def variants(family: str) -> list[str]:
    return [assembled(noisy(TEXT, family, Random(seed)))[0] for seed in range(3_000)]


def test_every_kind_of_noise_occurs():
    texts = variants("mail")
    assert "Don't ask Zoë Müller-O'Brien, she's in Łódź." in texts
    assert any(text.islower() for text in texts)
    assert any(text.isupper() for text in texts)
    assert any("Zoe Muller" in text for text in texts)
    assert any("Ask Zoë" in text for text in texts)
    assert any("zoë müller-o'brien, she" in text and text.startswith("Don't") for text in texts)
    assert any("  " in text for text in texts)
    assert any("Don\u2019t" in text for text in texts)
    assert any(text.startswith("Do n't") for text in texts)
    assert any(not text.rstrip().endswith(".") for text in texts)


def test_tweets_have_their_tokens_apart_more_often_than_mail():
    apart = [
        sum("Do n't" in text or "do n't" in text for text in variants(family)) for family in ("tweet", "mail")
    ]
    assert apart[0] > 3 * apart[1]


def test_most_texts_of_a_letter_are_left_alone():
    assert sum(text == "Don't ask Zoë Müller-O'Brien, she's in Łódź." for text in variants("mail")) > 1_500


@given(
    st.lists(
        st.tuples(st.text(min_size=1), st.sampled_from([None, "PERSON", "LOCATION", "PHONE_NUMBER"])),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["tweet", "mail"]),
    st.integers(0, 10_000),
)
def test_noise_keeps_number_and_types_of_segments_and_spans_stay_in_the_text(parts, family, seed):
    segments = [Segment(*part) for part in parts]
    changed = noisy(segments, family, Random(seed))
    assert [kind for _, kind in changed] == [kind for _, kind in segments]
    text, spans = assembled(changed)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end, _ in spans)
