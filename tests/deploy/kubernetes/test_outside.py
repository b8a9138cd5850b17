"""What a network policy lets out is no more than what the process itself would send to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.kubernetes.outside import PUBLIC, ports
from streams.notify.addresses import refused
from topology.webhooks import Webhook, WebhookEvent

ADDRESSES = st.ip_addresses(v=4) | st.ip_addresses(v=6)
NEAR = [ipaddress.ip_network(it) for special in PUBLIC.values() for it in special]


def let_out(address):
    return any(
        address in ipaddress.ip_network(cidr) and not any(address in ipaddress.ip_network(it) for it in special)
        for cidr, special in PUBLIC.items()
        if ipaddress.ip_network(cidr).version == address.version
    )


@given(address=ADDRESSES | st.sampled_from([it for network in NEAR for it in (network[0], network[-1])]))
@example(address=ipaddress.ip_address("fd00:ec2::254"))
@example(address=ipaddress.ip_address("100.100.100.200"))
@example(address=ipaddress.ip_address("168.63.129.16"))
@example(address=ipaddress.ip_address("64:ff9b::a00:1"))
def test_nothing_is_let_out_that_would_be_refused(address):
    assert not let_out(address) or not refused([str(address)], private=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450::8"])
def test_public_addresses_are_let_out(address):
    assert let_out(ipaddress.ip_address(address))
    assert not refused([address], private=False)


def test_what_is_excepted_lies_within_what_is_let_out():
    for cidr, special in PUBLIC.items():
        assert all(ipaddress.ip_network(it).subnet_of(ipaddress.ip_network(cidr)) for it in special)


def test_each_port_is_there_once_and_none_of_a_private_endpoint():
    told = [
        Webhook("a", "https://a.example/x", frozenset(WebhookEvent)),
        Webhook("b", "https://b.example:443/x", frozenset(WebhookEvent)),
        Webhook("c", "https://c.example:8443/x", frozenset(WebhookEvent)),
        Webhook("d", "https://d.example:9443/x", frozenset(WebhookEvent), private=True),
        Webhook("e", "http://localhost:80/x", frozenset(WebhookEvent), private=True),
    ]
    assert ports(told) == (443, 8443)
    assert ports(()) == ()
