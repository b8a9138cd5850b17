from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("https://shop.example/a?b=c", "URL"),
        ("www.someone.example/me", "URL"),
        ("someone.github.io", "URL"),
        ("mail.some-host.co.uk", "URL"),
        ("linkedin.com/in/jane-doe", "URL"),
        ("t.me/janedoe", "URL"),
        ("jane.doe+news@sub.example.co.uk", "EMAIL_ADDRESS"),
        ("jane@xn--d1acufc.xn--p1ai", "EMAIL_ADDRESS"),
        ("jane (at) example (dot) com", "EMAIL_ADDRESS"),
        ("jane.doe at example dot com", "EMAIL_ADDRESS"),
        ("@jane_doe42", "USERNAME"),
        ("@jane@social.example", "USERNAME"),
        ("192.168.10.4", "IP_ADDRESS"),
        ("10.0.0.0/8", "IP_ADDRESS"),
        ("2001:db8::8a2e:370:7334", "IP_ADDRESS"),
        ("fe80::1", "IP_ADDRESS"),
        ("00:1B:44:11:3A:B7", "MAC_ADDRESS"),
        ("0x52908400098527886E0F7030069857D2E4169EE7", "CRYPTO"),
        ("16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ", "CRYPTO"),
        ("de89 3704 0044 0532 0130 00", "IBAN_CODE"),
    ],
)
def test_addresses_of_the_net_are_found_whole(found, value, kind):
    assert (value, kind) in found(f"look at {value} please")
    assert (value, kind) in found(value)


@pytest.mark.parametrize(
    ("text", "value"), [("skype: jane.doe77", "jane.doe77"), ("BIC: DEUTDEFF500", "DEUTDEFF500")]
)
def test_what_a_label_names_is_found_and_the_label_stays(found, text, value):
    assert value in {one for one, _ in found(text)}


@pytest.mark.parametrize(
    "text",
    [
        "the end.Then we left",
        "e.g. this",
        "it is 10:30:15 now",
        "a :: b",
        "either/or",
        "1.2.3",
        "3.14",
        "at 5 @ home",
        "U.S.A.",
    ],
)
def test_what_only_looks_like_one_stays(found, text):
    assert not {kind for _, kind in found(text)} & {
        "URL",
        "EMAIL_ADDRESS",
        "USERNAME",
        "IP_ADDRESS",
        "MAC_ADDRESS",
    }


def test_a_full_stop_after_an_address_belongs_to_the_sentence(found):
    assert ("https://a.example/b", "URL") in found("see https://a.example/b.")
