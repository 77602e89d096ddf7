"""What discovery finds, with git and without; who calls which local module, and where a text stands."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from posturio_iac.commands.hook import keep_only
from posturio_iac.errors import UsageError
from posturio_iac.search.module_calls import holding, local_calls
from tests.support.search_tree import KEY, MODES, TEMPLATE, Tree, complaints, found, make

CALL = 'module "u" {\n  source = "acme/user/aws"\n}\n'


@pytest.fixture(params=MODES)
def tree(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    return make(request.param, tmp_path / "tree", monkeypatch)


def test_a_declaration_is_found_by_its_text_in_files_of_its_framework(tree: Tree) -> None:
    for name in ("a.tf", "b.tofu", "c/d.tf.json", "c/e.tofu.json"):
        tree.write(name)
    for name in ("f.yaml", "g.yml", "h.json", "i.template", "j.txt", "k.cfn", "L.YAML", "m/n.Json"):
        tree.write(name, TEMPLATE)
    selection = tree.discover(".")
    assert selection.terraform == ("a.tf", "b.tofu", "c/d.tf.json", "c/e.tofu.json")
    assert selection.templates == ("L.YAML", "f.yaml", "g.yml", "h.json", "i.template", "j.txt", "k.cfn", "m/n.Json")
    assert selection.searched == 12
    assert selection.diagnostics == ()


def test_files_that_cannot_matter_are_left_out(tree: Tree) -> None:
    tree.write("other.tf", 'resource "aws_iam_user" "ci" {}\n')
    tree.write("shouting.tf", KEY.upper())
    tree.write("other.yaml", "Type: AWS::IAM::User\n")
    tree.write("key.py", KEY)
    tree.write("key.TF", KEY)
    tree.write("template", TEMPLATE)
    tree.write(".#key.tf", KEY)
    tree.write("plain.yaml", KEY)
    tree.write("odd.tf", TEMPLATE)
    tree.write("empty.tf", "")
    assert found(tree.discover(".")) == []


def test_plans_are_json_with_a_resource_type(tree: Tree) -> None:
    tree.write("plan.json", '{"type": "aws_iam_access_key"}')
    tree.write("x.tfplan.json", '{"type": "awsutils_expiring_iam_access_key"}')
    assert tree.discover(".").templates == ("plan.json", "x.tfplan.json")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_plans_in_utf_16_are_found(tree: Tree, encoding: str) -> None:
    tree.write("plan.json", ("\ufeff" + '{"type": "aws_iam_access_key"}').encode(encoding))
    tree.write("other.json", ("\ufeff" + '{"type": "aws_iam_user"}').encode(encoding))
    assert tree.discover(".").templates == ("plan.json",)


def test_calls_of_known_modules_matter_in_terraform_alone(tree: Tree) -> None:
    call = 'module "u" {\n  source  = "acme/iam-user/aws//modules/user"\n}\n'
    tree.write("call.tf", call)
    tree.write("old.tf", call.replace("  =", "=").replace('"acme', '"git::ssh://git@example.com/acme'))
    tree.write("json.tf.json", '{"module": {"u": {"source": "acme/iam-user/aws"}}}')
    tree.write("comment.tf", "# see acme/iam-user for how\n")
    tree.write("local.tf", 'module "u" {\n  source = "./acme/iam-user"\n}\n')
    tree.write("state.json", '{"source": "acme/iam-user/aws"}')
    assert found(tree.discover(".", search_terms=(b"acme/iam-user", b"other/thing"))) == ["call.tf", "json.tf.json", "old.tf"]
    assert found(tree.discover(".")) == []


def test_custom_types_and_calls_matter_in_templates(tree: Tree) -> None:
    for name in ("t.yaml", "t.json", "t.tf"):
        tree.write(name, "Type: Custom::AccessKey\n")
        tree.write(f"call/{name}", "Type: Custom::AWS\naction: createAccessKey\n")
        tree.write(f"policy/{name}", "Type: AWS::IAM::Policy\naction: iam:CreateAccessKey\n")
    selection = tree.discover(".", search_terms=(b"Custom::AccessKey", b"Custom::AccessKeyPair"))
    assert found(selection) == ["call/t.json", "call/t.tf", "call/t.yaml", "t.json", "t.yaml"]


def test_a_modules_name_alone_is_enough_in_a_source(tree: Tree) -> None:
    tree.write("call.tf", 'module "u" {\n\tsource\t=\t"git::https://example.com/x.git//iam-user?ref=v1"\n}\n')
    tree.write("name.tf", 'locals {\n  user = "iam-user"\n  source_name = "iam-user"\n}\n')
    tree.write("local.tf", 'module "u" {\n  source = "../iam-user"\n}\n')
    assert found(tree.discover(".", search_terms=(b"iam-user", b""))) == ["call.tf"]


def test_a_named_file_counts_even_when_it_is_excluded_or_has_another_ending(tree: Tree) -> None:
    tree.write("vendor/a.tf")
    tree.write("main.tf.j2")
    tree.write("stack.jinja", TEMPLATE)
    tree.write("notes.md", "nothing here\n")
    tree.write("b.tf")
    names = ("vendor/a.tf", "main.tf.j2", "stack.jinja", "notes.md")
    selection = tree.discover(*names, exclude=("vendor/", "*.j2"))
    assert selection.terraform == ("main.tf.j2", "vendor/a.tf")
    assert selection.templates == ("stack.jinja",)
    assert selection.searched == 4
    for word in ("data", "locals", "module", "output", "provider", "resource", "terraform", "variable"):
        tree.write(f"{word}.j2", f"# aws_iam_access_key\n{word} {{\n}}\n")
        assert tree.discover(f"{word}.j2").terraform == (f"{word}.j2",)


def test_a_file_named_twice_and_inside_a_named_directory_counts_once(tree: Tree) -> None:
    tree.write("a/x.tf")
    selection = tree.discover("a/x.tf", "a", "./a/../a/x.tf", "a/")
    assert (selection.terraform, selection.searched) == (("a/x.tf",), 1)


@pytest.mark.parametrize(
    ("paths", "below", "root", "expected"),
    [
        ((), "", "", ["one/a.tf", "two/b.tf"]),
        (("one", "two/b.tf"), "", "", ["one/a.tf", "two/b.tf"]),
        (("one",), "", "", ["one/a.tf"]),
        (("../one",), "two", "one", ["a.tf"]),
        (("../one", "."), "two", "", ["one/a.tf", "two/b.tf"]),
        (("../one/a.tf",), "two", "one", ["a.tf"]),
        (("..",), "one", "", ["one/a.tf", "two/b.tf"]),
        ((".",), "one", "one", ["a.tf"]),
    ],
)
def test_the_root_is_the_current_directory_or_the_common_parent(
    tree: Tree, paths: tuple[str, ...], below: str, root: str, expected: list[str]
) -> None:
    tree.write("one/a.tf")
    tree.write("two/b.tf")
    selection = tree.discover(*paths, cwd=str(tree.path / below))
    assert selection.root == str(Path(tree.root) / root)
    assert found(selection) == expected
    assert selection.searched == len(expected)


def test_a_link_that_becomes_a_file_while_it_is_read_hides_nothing(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("a.tf")
    link = tree.path / "link.tf"
    link.symlink_to("a.tf")
    follow = os.path.realpath

    def changing(path: str, **more: bool) -> str:
        if path == str(link):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)  # what readlink says of a file
        return follow(path, **more)

    monkeypatch.setattr(os.path, "realpath", changing)
    assert "a.tf" in tree.discover(".").terraform


def test_the_current_directory_may_be_reached_through_a_link(tree: Tree, tmp_path: Path) -> None:
    tree.write("sub/a.tf")
    (tmp_path / "elsewhere").symlink_to(tree.path)
    selection = tree.discover("sub", cwd=str(tmp_path / "elsewhere"))
    assert (selection.root, found(selection)) == (tree.root, ["sub/a.tf"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("gone", "gone: no such file or directory"),
        ("", 'a path is empty: ""'),
        ("a.tf/", "a.tf/: not a directory"),
        ("loop", "loop: too many levels of symbolic links"),
        ("dangling", "dangling: no such file or directory"),
        ("pipe", "pipe: neither a file nor a directory"),
        ("x" * 300, "x" * 300 + ": file name too long"),
    ],
)
def test_a_path_that_cannot_be_searched_is_refused_in_one_sentence(tree: Tree, path: str, message: str) -> None:
    tree.write("a.tf")
    (tree.path / "dangling").symlink_to("nowhere")
    (tree.path / "loop").symlink_to("loop")
    os.mkfifo(tree.path / "pipe")
    with pytest.raises(UsageError) as caught:
        tree.discover(path)
    assert str(caught.value) == message


def test_strange_names_work(tree: Tree) -> None:
    names = [
        "with space.tf",
        "new\nline.tf",
        "-l.tf",
        ":(top)x/:y.tf",
        "käse/ключ.tf",
        "a*b[c]?/d\\e.tf",
        os.fsdecode(b"latin\xe9.tf"),
        "'\".tf",
    ]
    for name in names:
        tree.write(name)
    assert found(tree.discover(".")) == sorted(names)
    assert found(tree.discover(*names)) == sorted(names)
    assert found(tree.discover(":(top)x", "a*b[c]?", "käse")) == sorted(n for n in names if n[0] in ":ak")


def test_one_directory_among_others_is_searched_alone(tree: Tree) -> None:
    for name in ("a/x.tf", "ab/x.tf", "A/x.yaml", "a/y.yaml"):
        tree.write(name, KEY if name.endswith("tf") else TEMPLATE)
    selection = tree.discover("a")
    assert (found(selection), selection.searched) == (["a/x.tf", "a/y.yaml"], 2)


def test_many_directories_are_searched_at_once(tree: Tree) -> None:
    for number in range(40):
        tree.write(f"d{number}/x.tf")
    selection = tree.discover(*(f"d{n}" for n in range(0, 40, 2)))
    assert found(selection) == sorted(f"d{n}/x.tf" for n in range(0, 40, 2))
    assert selection.searched == 20


def test_copies_of_modules_are_never_entered(tree: Tree) -> None:
    for name in (".terraform/modules/m/x.tf", "a/.terragrunt-cache/y/x.tf", "ok.terraform/x.tf", ".terraform.tf/y.tf"):
        tree.write(name)
    selection = tree.discover(".")
    assert (found(selection), selection.searched) == ([".terraform.tf/y.tf", "ok.terraform/x.tf"], 2)


def test_a_copy_of_a_module_may_be_named(tree: Tree) -> None:
    tree.write(".terraform/modules/m/x.tf")
    tree.write(".terraform/modules/m/.terraform/modules/x.tf")
    assert found(tree.discover(".terraform/modules/m")) == [".terraform/modules/m/x.tf"]


def test_callers_of_installed_modules_are_found_where_code_is_searched(tree: Tree) -> None:
    """The folders that git ignores, or that hold no code, stand in no way of the others, however many there are."""
    write_initialised(tree, "live/eu/prod")
    if tree.is_git:
        write_initialised(tree, "build", add=False)
        for number in range(400):
            (tree.path / f"build/d{number}").mkdir()
        tree.write("live/eu/prod/ignored.tf", CALL, add=False)
        tree.write(".gitignore", "build\n.terraform\nignored.tf\n")
    assert found(tree.discover(".")) == ["live/eu/prod/main.tf"]
    assert found(tree.discover("live")) == ["live/eu/prod/main.tf"]
    assert found(tree.discover(".", exclude=("prod/",))) == []


def write_initialised(tree: Tree, folder: str, *, add: bool = True) -> None:
    """Write a root module in which ``terraform init`` has installed a module with a key."""
    tree.write(f"{folder}/main.tf", CALL, add=add)
    for name, text in (("modules.json", "{}"), ("u/main.tf", KEY)):
        tree.write(f"{folder}/.terraform/modules/{name}", text, add=False)


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        (("vendor/",), ["examples/x.tf", "gen.generated.tf", "sub/examples/y.tf"]),
        (("**/examples/**",), ["gen.generated.tf", "sub/vendor/z.tf", "vendor/z.tf"]),
        (("*.generated.tf",), ["examples/x.tf", "sub/examples/y.tf", "sub/vendor/z.tf", "vendor/z.tf"]),
        (("/vendor", "!x.tf"), ["examples/x.tf", "gen.generated.tf", "sub/examples/y.tf", "sub/vendor/z.tf"]),
        (("*", "!vendor/", "!/vendor/z.tf"), ["vendor/z.tf"]),
    ],
)
def test_excluded_files_are_left_out_and_not_counted(tree: Tree, exclude: tuple[str, ...], expected: list[str]) -> None:
    for name in ("vendor/z.tf", "sub/vendor/z.tf", "examples/x.tf", "sub/examples/y.tf", "gen.generated.tf"):
        tree.write(name)
    selection = tree.discover(".", exclude=exclude)
    assert (found(selection), selection.searched) == (expected, len(expected))


def test_exclusions_count_from_the_root(tree: Tree) -> None:
    tree.write("a/b/x.tf")
    assert found(tree.discover(".", exclude=("/b",))) == ["a/b/x.tf"]
    assert found(tree.discover("a", exclude=("/a/b",))) == []
    assert found(tree.discover("..", cwd=str(tree.path / "a" / "b"), exclude=("/b",))) == []


def test_a_large_file_that_matters_is_named_with_its_size(tree: Tree) -> None:
    tree.write("large.tf", "#" * (1 << 20) + "\n" + KEY)
    tree.write("wide.json", ("\ufeff" + " " * (1 << 20) + TEMPLATE).encode("utf-16-le"))
    tree.write("call.tf", "#" * (1 << 20) + '\nsource = "acme/iam"')
    tree.write("harmless.tf", "#" * (2 << 20))
    tree.write("small.tf")
    selection = tree.discover(".", search_terms=(b"acme/iam",))
    assert found(selection) == ["small.tf"]
    sizes = {name: Path(tree.root, name).stat().st_size for name in ("call.tf", "large.tf")}
    assert complaints(selection) == [
        *(
            ("error", name, f"{size:,} bytes exceeds the limit of 1,048,576 bytes; raise --max-file-size to read it")
            for name, size in sizes.items()
        ),
        ("error", "wide.json", "2 MiB exceeds the limit of 1 MiB; raise --max-file-size to read it"),
    ]
    assert found(tree.discover(".", max_file_size=10 << 20, search_terms=(b"acme/iam",))) == [
        "call.tf",
        "large.tf",
        "small.tf",
        "wide.json",
    ]


def test_a_text_across_the_parts_of_a_large_file_is_seen(tree: Tree) -> None:
    for shift in (1, 5, 17):
        tree.write(f"{shift}.tf", "#" * ((1 << 20) - shift) + "aws_iam_access_key" + " " * 9)
    assert [path for _, path, _ in complaints(tree.discover(".", max_file_size=9))] == ["1.tf", "17.tf", "5.tf"]


def test_locked_files_are_named(tree: Tree) -> None:
    locked = b"\0GITCRYPT\0\x07\xffrandom"
    for name in ("secret.tf", "secret.yaml", "large.tf"):
        tree.write(name, locked + (b"x" * (2 << 20) if name.startswith("large") else b""))
    tree.write("note.yaml", "# GITCRYPT is a tool\n")
    tree.write("secret.bin", locked)
    selection = tree.discover(".")
    message = "encrypted with git-crypt; unlock the repository, or exclude the file"
    assert complaints(selection) == [("error", name, message) for name in ("large.tf", "secret.tf", "secret.yaml")]
    assert found(selection) == []
    assert complaints(tree.discover(".", exclude=("secret*", "large.tf"))) == []


def test_bytes_that_are_no_text_do_no_harm(tree: Tree) -> None:
    tree.write("nul.tf", b"\0\0" + KEY.encode())
    tree.write("latin.yaml", b"# \xe9\n" + TEMPLATE.encode())
    tree.write("bom.tf", b"\xef\xbb\xbf" + KEY.encode())
    tree.write("noise.json", bytes(range(256)) * 9)
    tree.write("half.json", b"\xff\xfe\0")
    assert found(tree.discover(".")) == ["bom.tf", "latin.yaml", "nul.tf"]


def test_pipes_sockets_and_devices_are_skipped(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("a.tf")
    os.mkfifo(tree.path / "pipe.tf")
    monkeypatch.chdir(tree.path)
    (tree.path / "directory.tf").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.tf")
        selection = tree.discover(".")
    assert (found(selection), selection.searched, selection.diagnostics) == (["a.tf"], 1, ())


def test_a_file_that_becomes_a_pipe_does_not_block(tree: Tree) -> None:
    tree.write("a.tf").unlink()
    os.mkfifo(tree.path / "a.tf")
    selection = tree.discover(".")
    assert (found(selection), selection.diagnostics) == ([], ())


def test_a_link_inside_the_root_shows_each_file_once(tree: Tree) -> None:
    tree.write("shared/keys.tf")
    tree.write("shared/keys.tf.off")
    tree.link("prod/keys.tf", "../shared/keys.tf")
    tree.link("prod/off.tf", "../shared/keys.tf.off")
    tree.link("test/off.tf", "../shared/keys.tf.off")
    tree.link("prod/off.md", "../shared/keys.tf.off")
    for paths in ((".",), ("prod/keys.tf", "prod/off.tf", ".")):
        selection = tree.discover(*paths)
        assert selection.terraform == ("prod/keys.tf", "prod/off.tf", "shared/keys.tf", "test/off.tf")  # each part of a module of its own
        assert selection.search.aliases == {"prod/keys.tf": "shared/keys.tf", "test/off.tf": "prod/off.tf"}
        assert selection.diagnostics == ()


def test_a_link_out_of_the_root_is_not_read(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "outside.tf").write_text(KEY)
    tree.link("inside.tf", "../outside.tf")
    assert found(selection := tree.discover(".")) == []
    assert complaints(selection) == [("warning", "inside.tf", "a symbolic link to a file outside of the scan root; not read")]


def test_a_named_link_is_read_wherever_it_leads(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "outside.tf").write_text(KEY)
    tree.link("inside.tf", "../outside.tf")
    selection = tree.discover("inside.tf", ".")
    assert (found(selection), selection.diagnostics) == (["inside.tf"], ())


def test_links_to_directories_are_followed_to_what_is_not_searched_anyway(tree: Tree, tmp_path: Path) -> None:
    Tree(tmp_path / "outside", git=False).write("x.tf")
    tree.write("real/x.tf")
    tree.link("out", "../outside")
    tree.link("again", "real")
    tree.link("real/up", "..")
    tree.link("real/self", "self")
    tree.link("dangling.tf", "nowhere.tf")
    tree.link("directory.tf", "real")
    tree.link("loop.tf", "loop.tf")
    tree.link("part/link", "../real")
    tree.link("part/top", "..")
    selection, part = tree.discover("."), tree.discover("part")
    tracks = tree.is_git or not (tree.path / ".git").exists()  # git is not asked for links that it does not track
    told = ["dangling.tf", "out"] if tracks else ["dangling.tf"]
    assert (found(selection), selection.searched, [d.path for d in selection.diagnostics]) == (["real/x.tf"], 1, told)
    assert found(part) == (["part/link/x.tf"] if tracks else [])


def test_a_named_link_to_a_directory_is_followed(tree: Tree, tmp_path: Path) -> None:
    outside = Tree(tmp_path / "outside", git=False)
    outside.write("x.tf")
    tree.link("out", "../outside")
    selection = tree.discover("out")
    assert (selection.root, found(selection)) == (outside.root, ["x.tf"])


def test_a_file_that_vanishes_meanwhile_is_nothing(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("a.tf").chmod(0o600)
    real_open = os.open

    def vanish(path: str, *rest: int) -> int:
        if os.fspath(path).endswith("a.tf"):
            Path(path).unlink()
        return real_open(path, *rest)

    monkeypatch.setattr(os, "open", vanish)
    selection = tree.discover(".")
    assert (found(selection), selection.diagnostics) == ([], ())


def failing(name: str, number: int) -> Callable[..., int]:
    real_open = os.open

    def fail(path: str, *rest: int) -> int:
        if os.fspath(path).endswith(name):
            raise OSError(number, os.strerror(number), path)
        return real_open(path, *rest)

    return fail


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_searched(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("bad.tf")
    tree.write("good.tf")
    monkeypatch.setattr(os, "open", failing("bad.tf", 5))
    selection = tree.discover(".")
    assert found(selection) == ["good.tf"]
    assert complaints(selection) == [("error", "bad.tf", "cannot be read: input/output error")]


def test_a_read_that_fails_is_named(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("bad.tf")

    def fail(*_: int) -> bytes:
        raise OSError(116, os.strerror(116))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fail)
        selection = tree.discover(".")
    assert complaints(selection) == [("error", "bad.tf", "cannot be read: stale file handle")]


def test_nothing_slow_is_imported_for_a_search_that_finds_nothing(tree: Tree) -> None:
    tree.write("a.tf", "locals {}\n")
    code = (
        "import os, sys\nbefore = set(sys.modules)\nfrom posturio_iac.search import discover\n"
        "selection = discover(['.'], cwd='.')\nassert selection.searched == 1\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tree.path, env=environment, check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) <= {"__future__", "posturio_iac", "select"}


def call(source: str) -> str:
    return f'module "m" {{\n  source = {source}\n}}\n'


def test_every_way_to_write_a_local_source_is_understood(tree: Tree) -> None:
    tree.write("main.tf", call('"./modules/a"') + call('"./modules/b/"') + 'module "c" {\n\tsource\t=\t"./modules//c" # c\n}\n')
    tree.write("quoted.tofu", 'module d { source="./modules/d" }\n')
    tree.write("env/prod/x.tf", call('"../../modules/a"') + call('"../test"'))
    tree.write("env/prod/y.tf.json", '{"module": {"e": {"source":\n "../../modules/e"}, "f": {"source":"./f"}}}')
    tree.write("windows.tf", call('".\\\\modules\\\\g"'))
    tree.write("crlf.tf", call('"./modules/h"').replace("\n", "\r\n"))
    assert local_calls(tree.discover(".")) == (
        (".", "modules/a"),
        (".", "modules/b"),
        (".", "modules/c"),
        (".", "modules/d"),
        (".", "modules/g"),
        (".", "modules/h"),
        ("env/prod", "env/prod/f"),
        ("env/prod", "env/test"),
        ("env/prod", "modules/a"),
        ("env/prod", "modules/e"),
    )


def test_other_sources_and_other_files_are_no_local_calls(tree: Tree) -> None:
    tree.write("main.tf", call('"acme/a/aws"') + call('"git::https://example.com/a"') + call("local.source") + call('"./${var.a}"'))
    tree.write("file.tf", 'locals {\n  data_source = "./a"\n  x = file("./b")\n  source = "c"\n}\n')
    tree.write("main.yaml", "source: ./a\n")
    tree.write(".terraform/modules/m/x.tf", call('"./a"'))
    tree.write("vendor/x.tf", call('"./a"'))
    assert local_calls(tree.discover(".", exclude=("vendor/",))) == ()


def test_a_call_out_of_the_root_counts_inside_the_repository(tree: Tree) -> None:
    tree.write("env/x.tf", call('"../modules/a"') + call('"../../outside"') + call('"../"'))
    selection = tree.discover(".", cwd=str(tree.path / "env"))
    in_git = selection.repository is not None
    assert local_calls(selection) == (((".", ".."), (".", "../modules/a")) if in_git else ())


def test_all_of_the_scope_is_searched_and_nothing_else(tree: Tree) -> None:
    tree.write("a/keys.tf")
    tree.write("b/x.tf", call('"../a"'))
    tree.write("c/x.tf", call('"../a"'))
    tree.write("named.tf", call('"./a"'))
    assert local_calls(tree.discover("a", "b", "named.tf")) == ((".", "a"), ("b", "a"))
    assert local_calls(tree.discover(".")) == ((".", "a"), ("b", "a"), ("c", "a"))
    named = [tree.write(f"{n}/x.tf", call('"../a"')).parent.name for n in range(17)]
    assert not tree.discover(*named).search.has_searched("a/keys.tf")


def test_a_text_is_found_in_terraform_files(tree: Tree) -> None:
    tree.write("a.tf", KEY)
    tree.write("b/c.tofu", "aws_iam_user.ci")
    tree.write("d.tf.json", '{"aws_iam_user": {}}')
    tree.write("e.json", '{"aws_iam_user": {}}')
    tree.write("-f g.tf", "aws_iam_user")
    selection = tree.discover(".")
    assert holding(selection, (b"aws_iam_user",)) == ("-f g.tf", "b/c.tofu", "d.tf.json")
    assert holding(selection, (b"-nothing", b"nul\0")) == holding(selection, (b"nul\0",)) == ()


def test_a_file_that_vanished_since_does_no_harm(tree: Tree) -> None:
    path = tree.write("a.tf", call('"./a"'))
    selection = tree.discover(".")
    path.unlink()
    assert set(local_calls(selection)) <= {(".", "a")}  # what was read before is still known


def test_who_calls_whom_is_asked_again_for_fewer_files(tree: Tree) -> None:
    tree.write("a/main.tf", call('"../m"'))
    tree.write("b/main.tf", call('"../m"'))
    selection = tree.discover(".")
    assert local_calls(selection) == (("a", "m"), ("b", "m"))
    keep_only(selection.search, frozenset(("a/main.tf",)))
    assert local_calls(selection) == (("a", "m"),)


def test_a_repository_inside_a_plain_directory_is_searched_again(tmp_path: Path) -> None:
    plain = Tree(tmp_path, git=False)
    Tree(tmp_path / "one", git=True).write("x.tf", call('"./a"'))
    assert local_calls(plain.discover(".")) == (("one", "one/a"),)


def test_symbolic_links_are_calls_of_their_own_directory(tree: Tree) -> None:
    tree.write("shared/main.tf.shared", call('"../modules/a"'))
    tree.link("env/main.tf", "../shared/main.tf.shared")
    assert local_calls(tree.discover(".")) == (("env", "modules/a"),)
