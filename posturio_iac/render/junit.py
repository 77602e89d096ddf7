"""The format ``junit``: a suite for each framework, a case for each key and rule, in elements of Jenkins' junit-10.xsd."""

from __future__ import annotations

from html import escape

from posturio_iac.core.finding import Diagnostic, Finding, JudgedKey, Level, Report, Verdict
from posturio_iac.core.record import NamedTuple
from posturio_iac.core.text.terminal import XML_SHARP, inert, printable
from posturio_iac.facts.keyless import remediation
from posturio_iac.render.wording import describe_suppression, fails, open_beside, position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from posturio_iac.contract import RenderContext

NAME = "posturio-iac"
WHOLE = "every rule"


class _Case(NamedTuple):
    classname: str
    name: str
    outcome: str = ""  # ``failure``, ``error``, ``skipped`` or empty
    body: str = ""

    def xml(self) -> str:
        head = f"    <testcase {_attributes(classname=self.classname, name=self.name)}"
        return f"{head}>{self.body}</testcase>\n" if self.body else f"{head}/>\n"


def render(report: Report, context: RenderContext) -> str:
    """One XML document. Findings below what fails the run pass, with their text as the case's output."""
    frameworks = sorted({j.key.framework for j in report.keys} | {f.framework for f in report.findings})
    suites = [(name, _cases(name, report, context)) for name in frameworks]
    errors = [_diagnostic(diagnostic, context) for diagnostic in report.diagnostics if diagnostic.is_always_shown]
    if errors or not suites:
        suites.append((NAME, errors))
    every = [case for _, cases in suites for case in cases]
    head = _attributes(name=NAME, tests=len(every), failures=_count(every, "failure"), errors=_count(every, "error"))
    body = "".join(_suite(name, cases) for name, cases in suites)
    return inert(f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {head}>\n{body}</testsuites>\n', XML_SHARP)


def _suite(name: str, cases: Sequence[_Case]) -> str:
    counts = {f"{outcome}s": _count(cases, outcome) for outcome in ("failure", "error")}
    head = _attributes(name=name, tests=len(cases), **counts, skipped=_count(cases, "skipped"))
    return f"  <testsuite {head}>\n{''.join(case.xml() for case in cases)}  </testsuite>\n"


def _count(cases: Sequence[_Case], outcome: str) -> int:
    return sum(case.outcome == outcome for case in cases)


def _cases(framework: str, report: Report, context: RenderContext) -> list[_Case]:
    found: dict[tuple[str, str], dict[str, list[Finding]]] = {}
    for finding in report.findings:
        if finding.framework == framework:
            found.setdefault((finding.root, finding.address), {}).setdefault(finding.rule.id, []).append(finding)
    cases: list[_Case] = []
    for judged in report.keys:
        if judged.key.framework == framework:
            by_rule = found.pop((judged.key.scope, judged.key.address), {})
            cases += [_findings(rule, findings, context) for rule, findings in sorted(by_rule.items())]
            cases += [_open(judged, rule) for rule in open_beside(judged) if rule not in by_rule]
            if judged.verdict is Verdict.UNDETERMINED:
                cases.append(_open(judged, WHOLE))
            elif not by_rule:
                cases.append(_Case(_classname(judged.key.scope, judged.key.address), WHOLE))
    return cases + [_findings(rule, findings, context) for by_rule in found.values() for rule, findings in by_rule.items()]


def _findings(rule: str, findings: Sequence[Finding], context: RenderContext) -> _Case:
    classname = _classname(findings[0].root, findings[0].address)
    active = [f for f in findings if f.suppressed is None]
    text = "\n".join(_text(finding, context) for finding in active or findings)
    if not active:
        return _Case(classname, rule, "skipped", f"<skipped {_attributes(message=text)}/>")
    worst = max(active, key=lambda f: f.severity)
    if not fails(worst, context):
        return _Case(classname, rule, "", f"<system-out>{escape(text)}</system-out>")
    head = _attributes(type=worst.severity.name, message=printable(worst.message))
    return _Case(classname, rule, "failure", f"<failure {head}>{escape(text)}</failure>")


def _text(finding: Finding, context: RenderContext) -> str:
    where = position(finding, context)
    said = f"{where}{': ' if where else ''}{finding.severity.name} {printable(finding.message)}"
    if (why := finding.suppressed) is not None:
        return f"{said} (suppressed by {describe_suppression(why)})"
    return f"{said}\nfix: {printable(remediation(finding))}"


def _open(judged: JudgedKey, rule: str) -> _Case:
    message = f"undetermined: {'; '.join(map(printable, judged.undecided))}"
    return _Case(_classname(judged.key.scope, judged.key.address), rule, "skipped", f"<skipped {_attributes(message=message)}/>")


def _diagnostic(diagnostic: Diagnostic, context: RenderContext) -> _Case:
    line = f":{diagnostic.line}" if diagnostic.line else ""
    place = "run" if diagnostic.path is None else f"{printable(context.prefix + diagnostic.path)}{line}"
    if diagnostic.level is not Level.ERROR:
        return _Case(diagnostic.about, place, "", f"<system-out>{escape(printable(diagnostic.message))}</system-out>")
    head = _attributes(type="incomplete", message=printable(diagnostic.message))
    return _Case("incomplete", place, "error", f"<error {head}/>")


def _classname(root: str, address: str) -> str:
    return printable(f"{root}/{address}" if root else address)


def _attributes(**values: object) -> str:
    return " ".join(f'{name}="{escape(str(value)).replace(chr(10), "&#10;")}"' for name, value in values.items())
