"""Remedies in words: clauses that begin with a verb and end without a full stop. The only module that writes them."""

from __future__ import annotations

from posturio_iac.core.evidence import remedy as r
from posturio_iac.core.times import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from posturio_iac.core.evidence.remedy import Remedy, SetInterval

_ORDER = "create_before_destroy"


def describe(remedy: Remedy) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm a kind of remedy
    """Say what a remedy changes."""
    match remedy:
        case r.Advice(text):
            return text
        case r.RunCommand(lead, words):
            return f"{lead}: {shell(*words)}"
        case r.AddTag(is_shared=True) | r.MergeTags(is_shared=True) | r.AddComment(is_shared=True):
            option, entry = (" --owner NAME", "the name") if remedy.name == "owner" else ("", f'{remedy.name} = "{remedy.value}"')
            where = f"{entry} can be stated for this key alone, since {remedy.place.text()} may serve others"
            return f"run posturio-iac fix{option}, which says where {where}"
        case r.AddTag():
            return _tag(remedy)
        case r.MergeTags(place, argument, expression, name, value):
            return f'set {argument} = merge({{ {name} = "{value}" }}, {expression}) in {place.text()}'
        case r.AddComment(name=name, value=value, target=target, json=json):
            return f'add "//": "posturio: {name}={value}" to {target}' if json else f"write # posturio: {name}={value} above {target}"
        case r.AddMetadata(place, held=held):
            return f"add {_metadata(remedy)} to {('', 'the Metadata of ', 'Posturio in the Metadata of ')[held]}{place.text()}"
        case r.CallConstruct():
            return _call(remedy)
        case r.TagUser():
            return f"tag the user: {command(remedy)}"
        case r.AddBlock(name=name, days=days):
            clock = f'resource "time_rotating" "{name}" {{ rotation_days = {days} }} and {_static(name, f"time_rotating.{name}")}'
            return f"add {clock}, and put {_trigger(name)} and {_ORDER} = true in the lifecycle block of the key"
        case r.ReplaceTrigger():
            return _hop(remedy)
        case r.HoldTrigger(reference=text, repeated=""):
            return f"put {text} into terraform_data.rotation {{ input = {text} }} and refer to terraform_data.rotation instead"
        case r.HoldTrigger(reference=text, repeated=repeated):
            holder, instance = "terraform_data.rotation", r.INSTANCE[repeated]
            return f"put {text} into {holder} with the {repeated} of the key and input = {text}, and refer to {holder}[{instance}] instead"
        case r.CreateFirst():
            return _order(remedy)
        case r.SetArgument(place, argument, value, note, named):
            return f"set {argument} = {value}" + (f" ({note})" if note else "") + (f" in {place.address}" if named else "")
        case r.HideOutput(is_bared=is_bared):
            return f"{'remove nonsensitive() and ' if is_bared else ''}set sensitive = true"
        case r.SetProperty(place, argument, value, json):
            member = f'"{argument}": "{value}"' if json else f"{argument}: {value}"
            return f"set {member} in the properties of {place.text()}"
        case r.SetMaxAge(argument=argument, days=days):
            return f"set {argument} to {plural(days, 'day')} in seconds"
        case r.ReplaceValue(place, value, suffix=suffix):
            return f"set {place.address} to {value}{f' {suffix}' if suffix else ''}"
        case r.RemoveArgument(argument=argument, within=within):
            return f"remove {argument} from {within}"
        case r.StopIgnoring(place, names):
            return f"remove {', '.join(names)} from ignore_changes of {place.address}"
        case r.SetInterval():
            return _interval(remedy)
        case r.StoreAndRotate(days=days, construct=str() as construct) if construct:
            return f"store {construct} in a Secret of the app and call its addRotationSchedule, automaticallyAfter {plural(days, 'day')}"
        case r.StoreAndRotate(place, days):
            return (
                f"store {place.address} in an AWS::SecretsManager::Secret and give that an AWS::SecretsManager::RotationSchedule "
                f"with your own RotationLambdaARN and AutomaticallyAfterDays of {days}"
            )
        case r.UseRole(user, days):
            shown = shell(user)
            return f"use a role instead of user {shown}, or let Terraform or CloudFormation replace its keys every {plural(days, 'day')}"


def outline(remedy: Remedy) -> tuple[str, str]:
    """What a remedy does, without what it changes, and the code that it writes: the same for all keys that are mended alike."""
    match remedy:
        case r.AddTag(is_shared=True) | r.MergeTags(is_shared=True) | r.AddComment(is_shared=True):
            by_hand = "state this for the key alone, since its code may serve others", f'{remedy.name} = "{remedy.value}"'
            return by_hand if remedy.name == "owner" else ("run posturio-iac fix, which says where to state an end of the key alone", "")
        case r.AddTag(name=name, value=value) | r.MergeTags(name=name, value=value):
            return "add this tag to the user", f'{name} = "{value}"'
        case r.TagUser(name=name, value=value):
            return f"tag the user with {name} = {value}", ""
        case r.AddComment(name=name, value=value, json=json):
            return "add this comment to the key", f'"//": "posturio: {name}={value}"' if json else f"# posturio: {name}={value}"
        case r.AddMetadata():
            return "add this metadata to the key", _metadata(remedy)
        case r.CallConstruct():
            return "add this call for the key or its user to the CDK app", _called(remedy)
        case r.ReplaceValue(value=value, suffix=suffix):
            return f"set the stated value to {value}{f' {suffix}' if suffix else ''}", ""
        case r.UseRole(days=days):
            return f"use a role instead of the user, or let Terraform or CloudFormation replace its keys every {plural(days, 'day')}", ""
        case r.RunCommand(lead=lead):
            return lead, ""
        case _:
            return describe(remedy), ""


def shell(*words: str) -> str:
    """Words quoted for a shell."""
    from shlex import join

    return join(words)


def command(remedy: Remedy) -> str:
    """The command that carries a remedy out; empty where there is none."""
    if isinstance(remedy, r.TagUser):
        return shell("aws", "iam", "tag-user", "--user-name", remedy.user, "--tags", f"Key={remedy.name},Value={remedy.value}")
    return shell(*remedy.words) if isinstance(remedy, r.RunCommand) else ""


def _tag(remedy: r.AddTag) -> str:
    shown = remedy.place.text() if remedy.is_seen else f"{remedy.place.text()} in the code"
    entry = f'{remedy.name} = "{remedy.value}"'
    return f"add {remedy.argument} = {{ {entry} }} to {shown}" if remedy.is_new else f"add {entry} to the {remedy.argument} of {shown}"


def pascal(name: str) -> str:
    """A name as templates write it: ``Expires``."""
    return name[:1].upper() + name[1:]


def _metadata(remedy: r.AddMetadata) -> str:
    mark = '"' if remedy.json else ""
    text = f'{mark}{pascal(remedy.name)}{mark}: "{remedy.value}"'
    for outer in ("Posturio", "Metadata")[: 2 - remedy.held]:
        text = f"{mark}{outer}{mark}: {{{text}}}"
    return text


def _call(remedy: r.CallConstruct) -> str:
    """Name the call, since an edit of what CDK writes is gone with its next run."""
    path = remedy.construct.removesuffix("/Resource")
    if remedy.name == "owner":
        return f"call {_called(remedy)} in the CDK app, for the user of {path}"
    target = path if path == remedy.construct else f"the node.defaultChild of {path}"
    return f"call {_called(remedy)} on {target} in the CDK app"


def _called(remedy: r.CallConstruct) -> str:
    if remedy.name == "owner":
        return f'Tags.of(user).add("owner", "{remedy.value}")'
    return f'addMetadata("Posturio", {{ {pascal(remedy.name)}: "{remedy.value}" }})'


def _static(name: str, clock: str) -> str:
    return f'resource "time_static" "{name}" {{ rfc3339 = {clock}.rfc3339 }}'


def _trigger(name: str) -> str:
    return f"replace_triggered_by = [time_static.{name}]"


def _hop(remedy: r.ReplaceTrigger) -> str:
    lead = "remove it, add" if remedy.is_dependency else "put a resource in between:"
    static, index = _static(remedy.name, remedy.clock), ""
    if remedy.repeated:
        clock, bracket, rest = remedy.clock.partition("[")
        index, value = f"{bracket}{rest}", f"{clock}[{r.INSTANCE[remedy.repeated]}].rfc3339"
        static = f'resource "time_static" "{remedy.name}" with the {remedy.repeated} of the clock and rfc3339 = {value}'
    return f"{lead} {static}, and put {_trigger(remedy.name + index)} in the lifecycle block of the key"


def _order(remedy: r.CreateFirst) -> str:
    if not remedy.has_lifecycle:
        return f"add lifecycle {{ {_ORDER} = true }} to the key"
    if remedy.misspelt:
        return f"correct {remedy.misspelt} to {_ORDER}"
    return f"set {_ORDER} = true in its lifecycle block" if remedy.is_set else f"add {_ORDER} = true to its lifecycle block"


def _interval(remedy: SetInterval) -> str:
    setting, days = remedy.setting, remedy.days
    match setting.unit:
        case "s":
            change = f"set {setting.argument} of {setting.place.address} to {days * 86_400} or less ({plural(days, 'day')} in seconds)"
        case "rate":
            change = f"set {setting.argument} of {setting.place.address} to rate({plural(days, 'day')}) or less"
        case _ if setting.instead_of:
            change = f"write {setting.argument} = {days} instead of {' and '.join(setting.instead_of)} of {setting.place.address}"
        case _:
            change = f"set {setting.argument} of {setting.place.address} to {days} or less"
    return f"{change}, because a key lives for {remedy.turns} of these intervals" if remedy.turns > 1 else change
