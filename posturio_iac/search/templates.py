"""Templates that put texts together, or lead to templates, macros and files that no search finds."""

from __future__ import annotations

from posturio_iac.core.text.lazy_pattern import lazy_pattern

_BUILDS = (b"TemplateBody", b"Custom::AWS", b"AWS::ServiceCatalog::CloudFormationP", b"AWS::Include", b"!Transform")
_TYPE = lazy_pattern(rb"\bType\b[^\n]*\$\{|\b[rR]esources\b[\"']?\s*:\s*[\"']?\$\{(?!file)|\bType\b[\"']?\s*:\s*[\"']?[\w:]+::MODULE\b")
_FILE = lazy_pattern(rb"\$\{file\(\s*['\"]?([^)'\"]*)")
_SEARCHED = lazy_pattern(rb"(?i)[^${}]+\.(?:ya?ml|json|txt)")
_NAMED = lazy_pattern(rb"\b(?:TemplateURL|TemplateFile|Location)\b[\"']?\s*:\s*(.*)")
_TEMPLATE = lazy_pattern(rb"(?i)[\"']?(?!\w+://)(?:file://)?[\w./-]+\.(?:ya?ml|json|template|txt|cfn)(?:[\"',}\s]|$)")
_TRANSFORM = lazy_pattern(rb"\bTransform\b[\"']?\s*:\s*(\[[^\]]*\]|(?:[ \t]*-[^\n]*\n?\s*)+|[^\n]*)")
_WORD = lazy_pattern(rb"[A-Za-z][\w:-]*")
_OWN = (b"AWS::", b"Name", b"Parameters")


def leads_elsewhere(data: bytes) -> bool:
    """True if a template has to be parsed, whatever words are in it."""
    if any(data.find(mark) >= 0 for mark in _BUILDS) or _TYPE.search(data):
        return True
    if any(not _SEARCHED.fullmatch(name.strip()) for name in _FILE.findall(data)):
        return True
    nests = data.find(b"TemplateURL") >= 0 or data.find(b"TemplateFile") >= 0 or data.find(b"AWS::Serverless::Application") >= 0
    if nests and any(not _TEMPLATE.match(value) for value in _NAMED.findall(data)):
        return True
    return any(not word.startswith(_OWN) for value in _TRANSFORM.findall(data) for word in _WORD.findall(value.partition(b"#")[0]))
