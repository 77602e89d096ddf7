"""Kinds of files, and the search terms of each."""

from __future__ import annotations

from posturio_iac.core.keys import CODED, KEY_TYPES
from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.decoding import holds_any, spelled_out
from posturio_iac.search.written_sources import leads_elsewhere, written_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from posturio_iac.core.text.textfile import Fence

TERRAFORM, TEMPLATE, JSON, OTHER = "terraform", "template", "json", "other"
"""Terraform and OpenTofu; YAML and templates; JSON, which may be a template or a plan; a named file with any other ending."""
HCL, LOCK = "hcl", ".lock.hcl"  # the ending of HCL files that Terraform itself does not read as code, and of those that it writes
STACK_JSON = (".tfcomponent.json", ".tfstack.json", ".tfdeploy.json", ".hcl.json")  # the same in JSON: stacks, and Terragrunt

_MODULE = "module"
_TEMPLATES = ("yaml", "yml", "template", "txt", "cfn", "config")
_ENDINGS = {"tf": TERRAFORM, "tofu": TERRAFORM, "json": JSON, **dict.fromkeys(_TEMPLATES, TEMPLATE)}
IN_HCL, IN_JSON = (".tf", ".tofu"), (".tf.json", ".tofu.json")  # the endings of Terraform's own files
CODE = (*IN_HCL, *IN_JSON)
VALUES = (".tfvars", ".tfvars.json")  # the endings of files with values of variables
VERSIONS = (".terraform-version", ".opentofu-version")  # files for version managers, which tell the engine
SETTINGS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")  # of ``sam deploy``, which give parameters of the templates beside them

_ADDED: dict[str, tuple[bytes, ...]] = {}  # the search terms of kinds that front ends have added

CALLING = (b"reate-a", b"reate_a", b"reateA", b"IAMAccessKey", b"iamaccesskey", b"pecific-c", b"pecific_c", b"pecificC", *CODED)
"""Each call that makes a key holds one of these: of the command line, of Python, of other languages, of PowerShell, or in base64."""
_BY_SHELL = (b"l-exec", b"te-exec", b"local_command", b"r_hook", b"ore_hook", b"run_cmd")
_STACKS = (b"reateStack", b"pdateStack", b"reateChangeSet", b"ourceInfo")  # calls given a template, in a document or a state machine
_IN_TEMPLATES = (b"ZipFile", b"InlineCode", b"UserData", b"DefinitionString", b"CloudFormation::Init", b"laybook", b"DocumentT", *_STACKS)
_IN_CODE = (*_BY_SHELL, b"upbound.io", b"crossplane.io", b"aws iam", b'"iam"', b"document_type", *_STACKS)
RUNNING = {TERRAFORM: _IN_CODE, TEMPLATE: _IN_TEMPLATES, JSON: _IN_TEMPLATES, OTHER: (*_BY_SHELL, *_IN_TEMPLATES)}
"""Signs of a program whose text may be put together, by the kind of the file."""
_EXTERNAL, GIVEN = (b'"external"', b" external ", b"\texternal"), b"program"  # what runs a program, by its label, and its argument
_ARTIFACTS = (b'.zip"', b'.py"', b'.sh"', b'js"', b'"aws_s3_object"', b'"aws_s3_bucket_object"', b"provisioner", b"kustomization_")
_OF_AWS = (b"s_codebuild_", b"c_codebuild_", b"s_lambda_f", b"_codedeploy_", b"_codepipeline", b"_apprunner_s", b"_amplify_app")
_WHOLE = (b"docker_image", b"docker_registry_image", b"helm_release", b"path_documents", *_OF_AWS)  # made of a folder
_PATHS = (b"source_dir", b"source_file", b"source_path", b"template_path", b"existing_package", b"dag_s3_path", b"aws s3 ", b"git clone")
_OTHERS = (b"S3Object", b"argoproj.io", b"argocd_app", b"fluxcd.io", b"flux_b", b"ko_build")
_FILES = (*_PATHS, *_OTHERS, b"playbook", b"buildspec", b"local_file", b"fileset(", *_WHOLE, *_ARTIFACTS)
_FUNCTIONS = (b"AWS::Lambda::Function", b"AWS::Lambda::Layer", b"AWS::Serverless::Function", b"handler:", b'handler":', b"r_commands")
_IN_S3 = (b"S3Location", b"ScriptLocation", b"s3://", b"s3.", b"DagS3Path", b"S3Object")
_AS_CODE = (b"Uri", *_IN_S3, b"AWS::Include", b"DockerContext", b"BuildSpec", b"aws:asset", b"git clone", *_FUNCTIONS)
PROGRAMS = (*_EXTERNAL, *_BY_SHELL, *_FILES, *_AS_CODE)
"""Signs of code that names a program in another file, but for functions that read one."""
_IN_TERRAFORM = (*_BY_SHELL, *_FILES, b"file(", b"filebase64(")
_SERVICES = (b"CodePipeline::P", b"AppRunner::S", b"Amplify::App")  # that run what lies at the top of a repository
_PACKED = (b"layers:", b"ecr:", b"scripts:", b"plugins:", b"laybook", b"CodeBuild::P", b"CodeDeploy::", *_SERVICES)
NAMING = {TERRAFORM: _IN_TERRAFORM, TEMPLATE: (*_AS_CODE, *_PACKED, b"${file(", b"!Rain::"), OTHER: (*_IN_TERRAFORM, *_AS_CODE)}
NAMING[JSON] = NAMING[TEMPLATE]
"""Signs of a program in another file, by the kind of the file that names it."""
_BY_ONE = (b"file(", b"filebase64(", b"AWS::Lambda::Function")  # with only these, at most one argument names files
_BY_ANY = {kind: tuple(sign for sign in signs if sign not in _BY_ONE) for kind, signs in NAMING.items() if kind is not OTHER}
STATED = b"_cloudcontrolapi_r"  # a resource of any type, by its state: a template may be part of that
_HOLDING = (b"esources", b"Type", b"script", b"ommands", b"files")  # of a template that runs a program, and a part that one draws in
SEARCH_TERMS = (*(kind.encode() for kind in KEY_TYPES), b"AWS::IAM::AccessKey", b"_cloudformation_stack", b"_servicecatalog_pro", STATED)
"""Texts without which no file declares a key, unless it calls a module known to hold one, or runs a program."""


def add_kind(kind: str, endings: Iterable[str], search_terms: Iterable[bytes]) -> None:
    """Let files with these endings be searched for these texts, as files of ``kind``. Adding the same again changes nothing."""
    _ENDINGS.update(dict.fromkeys(endings, kind))
    _ADDED[kind] = tuple(search_terms)


def kind_of(path: str) -> str | None:
    """The kind of a file by its name; None when it is not read unless it is named. Terraform ignores hidden files."""
    name = path[path.rfind("/") + 1 :]
    ending = name[dot + 1 :] if (dot := name.rfind(".")) >= 0 else ""
    kind = _ENDINGS.get(ending)
    if kind is None:
        kind = _ENDINGS.get(ending.lower())
        return None if kind is TERRAFORM else kind
    if kind is JSON and name.endswith(IN_JSON):
        kind = TERRAFORM
    elif kind is JSON and name.endswith(STACK_JSON):
        return None
    return None if kind is TERRAFORM and name[0] == "." else kind


def calls_modules(path: str) -> bool:
    """True if a file may call modules without being part of one, as those of Terragrunt and of stacks do."""
    return path.endswith(STACK_JSON) or (path.endswith(HCL) and not path.endswith(LOCK))


def pathspecs(directory: str, only: str) -> list[str]:
    """Git's patterns for the files that `kind_of` knows, or those of one kind; ``directory`` is relative, or empty."""
    for special in "\\*?[":
        directory = directory.replace(special, "\\" + special)
    plain = f"./{directory}/*." if directory else "*."
    anycase = f":(icase){directory}/*." if directory else ":(icase)*."
    if only is HCL:
        return [plain + HCL]
    if only is TERRAFORM:
        return [plain + ending[1:] for ending in CODE]
    return [(plain if kind is TERRAFORM else anycase) + ending for ending, kind in _ENDINGS.items() if not only or kind is not TERRAFORM]


ESCAPES = (b"\\u00", b"\\U0000", b"\\x")  # the beginning of an escape that writes a letter by its number in HCL, JSON or YAML
LEADING = (
    *(b"TemplateBody", b"TemplateURL", b"Custom::AWS", b"AWS::Serverless::Application", b"AWS::ServiceCatalog::"),
    *(b"!Rain::", b"Modules", b"::MODULE", b"Transform", b"${"),
)
"""Signs of a template that may put a text together, or lead to what no search finds."""


def is_served(data: bytes) -> bool:
    """True if a text may be a file of the Serverless Framework, each part of which may be a variable, or another file."""
    words = (b"provider", b"service") if data.find(b"provider") >= 0 else ()
    return bool(words) and all(holds_any(b"\n" + data, (b"\n%b:" % word, b'"%b":' % word)) for word in words)


def puts_together(data: bytes, folder: str) -> bool:
    """True if a template may make a key by a text that it puts together, or by what it takes from elsewhere, seen from ``folder``."""
    if not holds_any(data, (b"esources", b"${", b"AWS::Include")) or not holds_any(data, LEADING):
        return False
    return is_served(data) or leads_elsewhere(data, folder)


def runs_program(data: bytes, kind: str, *, computed: bool = True) -> bool:
    """True if code holds a program that may make keys, or, unless ``computed`` is off, one that it puts together of anything."""
    runs = holds_any(data, RUNNING.get(kind, RUNNING[OTHER])) or _is_external(data)
    if not runs and not holds_any(data, (*CALLING, b"user_data")):
        return False
    from posturio_iac.search.programs import may_make_keys

    return may_make_keys(data, runs=runs, computed=computed)


def _is_external(data: bytes) -> bool:
    return data.find(GIVEN) >= 0 and holds_any(data, _EXTERNAL)


_SERVED = (b"functions", b"handler:", b'"handler"', b"layers:", b"r_commands")
_PLANNED, _TYPED = (b'"resource_changes"', b'"planned_values"'), lazy_pattern(rb"Type[\"']?\s*:\s*[^\n:]{0,99}::")


def _may_hold_program(data: bytes, kind: str, signs: tuple[bytes, ...]) -> bool:
    """True if a text may be a template, by one of the ``signs``, or of JSON, of which much is none, by a resource, or is a plan."""
    if kind is JSON and data.lstrip()[:1] in (b"{", b"["):
        return is_served(data) or holds_any(data, _PLANNED) or (data.find(b"::") >= 0 and _TYPED.search(data) is not None)
    return is_served(data) or holds_any(data, signs)


def names_file(data: bytes, kind: str) -> bool:
    """True if code holds a sign of a program in another file."""
    if kind is TERRAFORM:
        return holds_any(data, NAMING[kind]) or _is_external(data)
    return _may_hold_program(data, kind, (b"Resources", *_SERVED)) and holds_any(data, NAMING.get(kind, NAMING[OTHER]))


def may_name_maker(data: bytes, text: str, kind: str, folders: Sequence[str], fence: Fence) -> bool:
    """True if code may name a program that makes keys by what only an evaluation tells, whichever of the ``folders`` it runs in."""
    from posturio_iac.search.checkout import OPEN_URI, has_maker, is_open

    runs = kind is TERRAFORM and (holds_any(data, _BY_SHELL) or _is_external(data))
    opens = is_open(text, folders, fence, runs=runs) if kind is TERRAFORM else OPEN_URI.search(text) is not None or is_served(data)
    return opens and has_maker(folders[0], fence, fills="templatefile(" in text)


def names_program(data: bytes, kind: str, path: str, fence: Fence) -> bool:
    """True if the code at ``path`` (absolute) names a file of the checkout that makes keys; each text is asked about once."""
    known: dict[Any, bool] = {} if fence.edited else fence.programs  # and without a module that takes long to load
    if (asked := (path, kind, hash(data))) not in known:
        known[asked] = _names_program(data, kind, path, fence)
    return known[asked]


def _names_program(data: bytes, kind: str, path: str, fence: Fence) -> bool:
    if not names_file(data := spelled_out(data), kind):
        return False
    from posturio_iac.search.checkout import is_without_makers
    from posturio_iac.search.named_programs import CODE, READ_FILE, programs_named

    text, folder = data.decode("utf-8", "replace"), path.rpartition("/")[0]
    if is_without_makers(text + path, folder, fence):
        return False
    if may_name_maker(data, text, kind, (folder,), fence):  # which is evaluated
        return True
    served = is_served(data)
    told = path if kind is TERRAFORM or served or holds_any(data, (b"Resources", b"r_commands")) else ""  # of code alone
    fills = "templatefile(" in text or "template_file" in text
    is_whole = served or holds_any(data, _BY_ANY.get(kind, (b"",))) or _is_external(data)
    named = text if is_whole else "\n".join((READ_FILE if kind is TERRAFORM else CODE).findall(text))
    programs = (program for _, program in programs_named(named, (folder,), fence, told))
    return any(program.makes_keys or program.deploys_key or (fills and program.in_parts) for program in programs)


class SearchTerms:
    """The texts that make a file matter, by the file's kind. How a search term is written says where it can stand.

    - With ``/`` or ``-`` it is part of a module's address, and is searched in the ``source`` of Terraform's module calls.
    - With ``_`` it is one of Terraform's resource types, and is searched in Terraform, and in JSON, which may be a plan.
    - Any other (``AWS::IAM::AccessKey``, ``Custom::Key``, ``createAccessKey``) is searched in templates, and in JSON.
    """

    def __init__(self, search_terms: Iterable[bytes]) -> None:
        by_role: dict[str, list[bytes]] = {}
        for search_term in filter(None, search_terms):
            by_role.setdefault(_role(search_term), []).append(search_term)
        templates, terraform = tuple(by_role.get(TEMPLATE, ())), tuple(by_role.get(TERRAFORM, ()))
        self.modules = tuple({term.lower(): None for term in by_role.get(_MODULE, ())})
        self.terraform, self.texts = terraform, (*templates, *terraform)
        self.texts += tuple(term for terms in _ADDED.values() for term in terms)
        first, others = (_common_ending(templates), templates), (b"", terraform)
        self._by_kind = {TERRAFORM: (others,), TEMPLATE: (first,), JSON: (first, others), OTHER: (first, others)}
        self._by_kind.update((kind, ((b"", terms),)) for kind, terms in _ADDED.items())
        self._known: dict[bytes, bool] = {}

    def are_in(self, data: bytes, kind: str, folder: str = "") -> bool:
        """True if a file with this content in ``folder`` (absolute) matters."""
        return self._are_in(data, kind, folder) or self._are_spelled_out_in(data, kind, folder)

    def _are_spelled_out_in(self, data: bytes, kind: str, folder: str = "") -> bool:
        return data.find(b"\\") >= 0 and (spelled := spelled_out(data)) != data and self._are_in(spelled, kind, folder)

    def _are_in(self, data: bytes, kind: str, folder: str) -> bool:
        calls = written_sources(data) if self.modules and kind in (TERRAFORM, OTHER) else ()
        if self.make_keys(data, kind) or any(map(self.holds_known_module, calls)):
            return True
        return kind in (TEMPLATE, JSON) and puts_together(data, folder)

    def make_keys(self, data: bytes, kind: str) -> bool:
        """True if a text holds a search term for its kind, known modules apart, or a program that makes keys."""
        if any(data.find(ending) >= 0 and holds_any(data, terms) for ending, terms in self._by_kind[kind]):
            return True
        return (kind not in (TEMPLATE, JSON) or _may_hold_program(data, kind, _HOLDING)) and runs_program(data, kind)

    def name_known_module(self, data: bytes) -> bool:
        """True if a text holds the address of one of the modules, wherever it stands."""
        return holds_any(data.lower(), self.modules)

    def are_in_code(self, data: bytes, sources: Iterable[bytes]) -> bool:
        """True if a Terraform file with this content and these ``sources`` matters."""
        if any(not source or self.holds_known_module(source) for source in sources):
            return True
        return self.make_keys(data, TERRAFORM) or self._are_spelled_out_in(data, TERRAFORM)

    def holds_known_module(self, source: bytes) -> bool:
        """True if the address of one of the modules is part of a source, as it is written but for case and escapes."""
        known = False if source.startswith(b".") else self._known.get(source)
        if known is None:
            plain = source.lower()
            if b"%" in plain:
                from urllib.parse import unquote_to_bytes

                plain = unquote_to_bytes(plain)
            known = self._known[source] = any(module in plain for module in self.modules)
        return known


def _common_ending(search_terms: Sequence[bytes]) -> bytes:
    """How all of some texts end, which is searched first: of those that make keys in templates, it is ``AccessKey``."""
    first, *others = search_terms or (b"",)
    return next(first[at:] for at in range(len(first) + 1) if all(other.endswith(first[at:]) for other in others))


def _role(search_term: bytes) -> str:
    if b"::" in search_term:
        return TEMPLATE
    if b"/" in search_term or b"-" in search_term:
        return _MODULE
    return TERRAFORM if b"_" in search_term else TEMPLATE


STATE_MARKS = (('"format_version"', '"values"'), ('"lineage"', '"serial"'))
"""Texts in a state: as JSON, and as Terraform and OpenTofu store it, encrypted or not. All texts of one line together identify one."""


def looks_like_state(data: bytes) -> bool:
    return any(all(mark.encode() in data for mark in marks) for marks in STATE_MARKS)


_BLOCKS = frozenset((b"resource", b"module", b"variable", b"provider", b"terraform", b"locals", b"output", b"data"))


def kind_by_text(data: bytes) -> str:
    """Terraform if a line starts a block of its own: one of its words, and a brace; else a template."""
    heads = (line.partition(b"{") for line in data.splitlines())
    is_code = any(brace and words and words[0] in _BLOCKS for head, brace, _ in heads for words in (head.split(),))
    return TERRAFORM if is_code else TEMPLATE
