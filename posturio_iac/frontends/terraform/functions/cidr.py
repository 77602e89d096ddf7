"""Functions of IP addresses and their prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from posturio_iac.core.open_kinds import NOT_EVALUATED
from posturio_iac.core.text.lazy_pattern import lazy_pattern
from posturio_iac.frontends.terraform.functions.signature import function, text, whole
from posturio_iac.frontends.terraform.values import EvaluationError

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from posturio_iac.core.model import Unknown

Network = Union["IPv4Network", "IPv6Network"]

_LEADING_ZEROS = lazy_pattern(r"(?<![0-9])0+(?=[0-9])")
_IPV4_BITS = 32


def _network(prefix: str) -> Network:
    """Read a prefix such as ``10.0.0.0/8``; bits beyond its length and leading zeros do not count."""
    import ipaddress

    address, slash, length = prefix.partition("/")
    if not slash or not (length.isascii() and length.isdigit()):
        raise EvaluationError(f'not an address prefix: "{prefix[:50]}"')
    try:
        return ipaddress.ip_network(f"{_plain(address)}/{length}", strict=False)
    except ValueError:
        raise EvaluationError(f'not an address prefix: "{prefix[:50]}"') from None


def _plain(address: str) -> str:
    """Drop the leading zeros of an IPv4 address, which Terraform reads as decimal."""
    return address if ":" in address else _LEADING_ZEROS.sub("", address)


def _at(network: Network, place: int, length: int) -> str:
    """Write the prefix of a length that starts at a place of the address space."""
    return str(type(network)((place, length)))


@function("cidrhost", text("prefix"), whole("hostnum"))
def host(prefix: str, number: int) -> str:
    """An address within a prefix; negative numbers count from the end."""
    network = _network(prefix)
    if not -network.num_addresses <= number < network.num_addresses:
        raise EvaluationError(f"{network} has no host number {number}")
    return str(network[number])


@function("cidrnetmask", text("prefix"))
def netmask(prefix: str) -> str:
    """The mask of an IPv4 prefix."""
    network = _network(prefix)
    if network.max_prefixlen != _IPV4_BITS:
        raise EvaluationError("an IPv6 prefix has no mask")
    return str(network.netmask)


@function("cidrsubnet", text("prefix"), whole("newbits"), whole("netnum"))
def subnet(prefix: str, new_bits: int, number: int) -> str | Unknown:
    """A numbered part of a prefix."""
    network = _network(prefix)
    if new_bits < 0 or number < 0:
        return NOT_EVALUATED("a negative number in cidrsubnet()")
    length = network.prefixlen + new_bits
    if length > network.max_prefixlen:
        raise EvaluationError(f"{network} cannot be extended by {new_bits} bits")
    if number >= 1 << new_bits:
        raise EvaluationError(f"{new_bits} more bits have no room for number {number}")
    return _at(network, int(network.network_address) + (number << (network.max_prefixlen - length)), length)


@function("cidrsubnets", text("prefix"), rest=whole("newbits"))
def subnets(prefix: str, *new_bits: int) -> tuple[str, ...]:
    """Return consecutive parts of a prefix."""
    network = _network(prefix)
    place = int(network.network_address)
    end = place + network.num_addresses
    result = []
    for bits in new_bits:
        length = network.prefixlen + bits
        if bits < 1 or length > network.max_prefixlen:
            raise EvaluationError(f"{network} cannot be extended by {bits} bits")
        size = 1 << (network.max_prefixlen - length)
        place = -(-place // size) * size
        if place + size > end:
            raise EvaluationError(f"{network} has no room left for a prefix of {length} bits")
        result.append(_at(network, place, length))
        place += size
    return tuple(result)


@function("cidrcontains", text("containing_prefix"), text("contained_ip_or_prefix"))
def contains(outer: str, inner: str) -> bool:
    """True if a prefix holds an address or another prefix."""
    container = _network(outer)
    contained = _network(inner if "/" in inner else f"{inner}/{128 if ':' in inner else _IPV4_BITS}")
    if container.version != contained.version:
        raise EvaluationError(f"{container} and {contained} are of different families")
    first, last = int(contained.network_address), int(contained.broadcast_address)
    return int(container.network_address) <= first and last <= int(container.broadcast_address)
