"""What the demo's annotators look for. All of it is everyday language: nothing here tells of anyone."""

from __future__ import annotations

from streams.label.answering import ChoiceRule, Lexicon

EMAIL, PHONE = "[EMAIL_ADDRESS_1]", "[PHONE_NUMBER_1]"
"""How a customer's own address and number look to an annotator: the first of their kind in the record."""

_BY_LABEL = {
    "COMPLAINT": (
        "arrived broken|charged twice|never arrived|still waiting|very unhappy|does not work|broken|hate|terrible|"
        "worst|awful|boring|depressing|disappointed|a problem"
    ),
    "PRODUCT": (
        "coffee machine|washing machine|phone case|credit card|debit card|desk lamp|garden chair|card|account|"
        "phone|website|album|song|film|movie|book|game|ticket"
    ),
    "REQUEST": (
        "please|could you|can you|i'd like|i would like|i need|i want|how do i|help me|"
        f"write to me at {EMAIL}|call me on {PHONE}"
    ),
    "DATE_MENTION": (
        "today|tomorrow|tonight|yesterday|this morning|last week|last year|this week|next week|"
        "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    ),
}
PHRASES = {phrase: label for label, phrases in _BY_LABEL.items() for phrase in phrases.split("|")}
"""Label by phrase, in lower case."""

PRODUCTS = ("coffee machine", "washing machine", "phone case", "desk lamp", "garden chair")
"""What customers have bought."""

LEXICON = Lexicon(PHRASES, {"DATE_TIME": "DATE_MENTION"})
"""A robot knows the phrases, and that a placeholder of a date stands for a date."""

_NEGATIVE = (
    "arrived broken|charged twice|never arrived|still waiting|unhappy|i hate|terrible|worst|awful|depressing"
)
_POSITIVE = "thank|i love|great|best|nice|happy"
TONE = ChoiceRule(
    "tone",
    "neutral",
    {
        **dict.fromkeys(_NEGATIVE.split("|"), "negative"),  # first, so that "unhappy" is not taken for "happy"
        **dict.fromkeys(_POSITIVE.split("|"), "positive"),
    },
)
"""The tone of a text: that of the first such phrase, else neutral."""
