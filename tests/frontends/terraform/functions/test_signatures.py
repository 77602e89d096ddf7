"""What each function takes, as its refusals tell it: names and types of parameters, which may be null, how many there are."""

from __future__ import annotations

import pytest

from posturio_iac.core.open_kinds import AS_STATED
from posturio_iac.frontends.terraform.functions import MODULES, Environment, call
from posturio_iac.frontends.terraform.values import EvaluationError, Value, make_set

ENVIRONMENT = Environment(read_file=lambda path: path, render=lambda text, names: (text, names))
OPEN = AS_STATED("open")
MOST = 4
"""Arguments that a function without a rest takes, at most."""

SIGNATURES = """
abs(num: number)
abspath(path: string)
alltrue(list: list or set)
anytrue(list: list or set)
base64decode(str: string)
base64encode(str: string)
base64gunzip(str: string)
base64gzip(str: string)
base64sha256(str: string)
base64sha512(str: string)
basename(path: string)
bcrypt(str: string, [cost: number])
ceil(num: number)
chomp(str: string)
chunklist(list: list or set, size: whole number)
cidrcontains(containing_prefix: string, contained_ip_or_prefix: string)
cidrhost(prefix: string, hostnum: whole number)
cidrnetmask(prefix: string)
cidrsubnet(prefix: string, newbits: whole number, netnum: whole number)
cidrsubnets(prefix: string, [newbits: whole number]...)
coalesce([any?]...)
coalescelist([vals?: list]...)
compact(list: list or set)
concat(seqs: list, [seqs: list]...)
contains(list: list or set, any?)
csvdecode(str: string)
dirname(path: string)
distinct(list: list or set)
element(list: list, index: whole number)
endswith(str: string, suffix: string)
ephemeralasnull(any?)
file(path: string)
filebase64(path: string)
filebase64sha256(path: string)
filebase64sha512(path: string)
fileexists(path: string)
filemd5(path: string)
fileset(path: string, pattern: string)
filesha1(path: string)
filesha256(path: string)
filesha512(path: string)
flatten(list: list or set)
floor(num: number)
format(format: string, [any?]...)
formatdate(spec: string, time: string)
formatlist(format: string, [any?]...)
indent(spaces: whole number, str: string)
index(list: list, value)
issensitive(any?)
join(separator: string, lists: list or set, [lists: list or set]...)
jsondecode(str: string)
jsonencode(any?)
keys(inputMap: map or object)
length(value: string or a collection)
list([any?]...)
log(num: number, base: number)
lookup(inputMap: map or object, key: string, [any?])
lower(str: string)
map([any?], [any?], [any?], [any?])
matchkeys(values: list or set, keys: list or set, searchset: list or set)
max(numbers: number, [numbers: number]...)
md5(str: string)
merge([maps?: map or object]...)
min(numbers: number, [numbers: number]...)
nonsensitive(any?)
one(list: list or set)
parseint(number, base: whole number)
pathexpand(path: string)
plantimestamp()
pow(num: number, power: number)
range(params: number, [params: number], [params: number])
regex(pattern: string, string: string)
regexall(pattern: string, string: string)
replace(str: string, substr: string, replace: string)
reverse(list: list or set)
rsadecrypt(ciphertext: string, privatekey: string)
sensitive(any?)
setintersection(first_set: list or set, [other_sets: list or set]...)
setproduct(sets, [sets]...)
setsubtract(a: list or set, b: list or set)
setunion(first_set: list or set, [other_sets: list or set]...)
sha1(str: string)
sha256(str: string)
sha512(str: string)
signum(num: whole number)
slice(list: list, start_index: whole number, end_index: whole number)
sort(list: list or set)
split(separator: string, str: string)
startswith(str: string, prefix: string)
strcontains(str: string, substr: string)
strrev(str: string)
substr(str: string, offset: whole number, length: whole number)
sum(list: list or set)
templatefile(path: string, vars: map or object)
templatestring(template: string, vars: map or object)
textdecodebase64(source: string, encoding: string)
textencodebase64(string: string, encoding: string)
timeadd(timestamp: string, duration: string)
timecmp(timestamp_a: string, timestamp_b: string)
timestamp()
title(str: string)
tobool(any?)
tolist(any?)
tomap(any?)
tonumber(any?)
toset(any?)
tostring(any?)
transpose(values: map or object)
trim(str: string, cutset: string)
trimprefix(str: string, prefix: string)
trimspace(str: string)
trimsuffix(str: string, suffix: string)
type(any?)
upper(str: string)
urldecode(str: string)
urlencode(str: string)
uuid()
uuidv5(namespace: string, name: string)
values(mapping: map or object)
yamldecode(src: string)
yamlencode(any?)
zipmap(keys: list or set, values: list)
"""


def refusal(name: str, arguments: list[Value]) -> str:
    try:
        call(name, tuple(arguments), ENVIRONMENT)
    except EvaluationError as error:
        return str(error).removeprefix(f"{name}(): ")
    return ""


def parameter(name: str, arguments: list[Value], place: int) -> str:
    """The name and the type of a parameter; ``?`` where null is taken, ``any`` where nothing is refused."""

    def given(value: Value) -> str:
        return refusal(name, [*arguments[:place], value, *arguments[place + 1 :]])

    null, must_not, _ = given(None).partition(" must not be null")
    others: tuple[Value, ...] = ({}, (), 1.5, make_set(()))
    tried = [given(value) for value in others]
    kind = next((text for text in tried if ": a" in text and " is required" in text), "")
    label, _, wanted = kind.partition(": ")
    wanted = wanted.partition(" is required")[0].removeprefix("a ")
    if "whole" in tried[2]:
        wanted = "whole number"
    if wanted == "list" and " is required" not in tried[3]:
        wanted = "list or set"
    return f"{label or (must_not and null) or 'any'}{'' if must_not else '?'}{': ' if wanted else ''}{wanted}"


def signature(name: str) -> str:
    counts = [not refusal(name, [OPEN] * count).startswith("takes ") for count in range(MOST + 2)]
    least, rest = counts.index(True), counts[-1]
    most = least + 1 if rest else max(count for count, taken in enumerate(counts) if taken)
    shown = [parameter(name, [OPEN] * max(least, place + 1), place) for place in range(most)]
    return f"{name}({', '.join([*shown[:least], *(f'[{one}]' for one in shown[least:])])}{'...' if rest else ''})"


@pytest.mark.parametrize("expected", SIGNATURES.strip().splitlines())
def test_a_function_takes_what_its_line_says(expected: str) -> None:
    assert signature(expected.partition("(")[0]) == expected


def test_each_function_has_a_line() -> None:
    listed = [line.partition("(")[0] for line in SIGNATURES.strip().splitlines()]
    assert listed == sorted(name for names in MODULES.values() for name in names.split())
