"""checkov's graph in one shape, whichever library holds it."""

from __future__ import annotations

import os

from posturio_iac.core.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

NO_CAUSE = ("depends_on", "lifecycle", "provider")
"""Labels of edges that do not carry a value."""


class Vertex(NamedTuple):
    """One block."""

    key: object
    kind: str  # ``resource``, ``module``, ``variable``, ``output``, ``locals``, ``provider``, ``data``
    name: str  # ``aws_iam_user.ci`` for a resource, else a single word
    file: str
    config: Mapping[str, Any]  # the arguments, each in a list, with references replaced by values where checkov knows them
    top: str  # folder of the root module that leads to it

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def type(self) -> str:
        return self.name.partition(".")[0]

    @property
    def address(self) -> str:
        return str(self.config.get("__address__") or self.name)

    @property
    def lines(self) -> tuple[int, int]:
        first, last = (self.config.get(f"__{name}_line__") for name in ("start", "end"))
        return (first if isinstance(first, int) else 0, last if isinstance(last, int) else 0)

    def first(self, name: str) -> Any:
        value = self.config.get(name)
        return value[0] if isinstance(value, list) and value else value


class Graph:
    """Blocks, and which refers to which by what argument."""

    def __init__(self, vertices: Iterable[Vertex], edges: Iterable[tuple[object, object, str]]) -> None:
        self.vertices = {v.key: v for v in vertices}
        self._out: dict[object, list[tuple[str, Vertex]]] = {}
        self._in: dict[object, list[tuple[str, Vertex]]] = {}
        for source, target, label in edges:
            if source in self.vertices and target in self.vertices:
                self._out.setdefault(source, []).append((label, self.vertices[target]))
                self._in.setdefault(target, []).append((label, self.vertices[source]))

    def around(self, vertex: Vertex) -> list[Vertex]:
        return [v for v in self.vertices.values() if v.kind == "resource" and v.top == vertex.top and v.key != vertex.key]

    def targets(self, vertex: Vertex, argument: str) -> list[Vertex]:
        return [target for label, target in self._out.get(vertex.key, ()) if label.rpartition(" ")[2].partition(".")[0] == argument]

    def sources(self, vertex: Vertex) -> list[tuple[str, Vertex]]:
        return self._in.get(vertex.key, [])

    def behind(self, start: Iterable[Vertex], stop: Callable[[Vertex], bool] = lambda _: False) -> Iterator[Vertex]:
        """Yield the blocks reached from some blocks through values, themselves included; nothing beyond one for which ``stop`` holds."""
        seen: set[object] = set()
        pending = list(start)
        while pending:
            vertex = pending.pop()
            if vertex.key in seen:
                continue
            seen.add(vertex.key)
            yield vertex
            if not stop(vertex):
                pending += [t for label, t in self._out.get(vertex.key, ()) if not label.startswith(NO_CAUSE)]

    def find(self, kind: str, name: str, config: Mapping[str, Any], file: str) -> Vertex | None:
        """The block that has just this configuration, or else the one with the same address in the same file."""
        named = [v for v in self.vertices.values() if v.name == f"{kind}.{name}"]
        for vertex in named:
            if vertex.config is config:
                return vertex
        address = config.get("__address__")
        return next((v for v in named if v.file == file and v.config.get("__address__") == address), None)


_LAST: list[tuple[Any, Graph]] = []


def graph_of(graph: Any) -> Graph:
    """The graph of checkov, of rustworkx or networkx; one without blocks where there is none. The last one is kept."""
    if not _LAST or _LAST[0][0] is not graph:
        _LAST[:] = [(graph, _read(graph))]
    return _LAST[0][1]


def _read(graph: Any) -> Graph:
    if graph is None:
        return Graph((), ())
    if hasattr(graph, "weighted_edge_list"):
        nodes = ((index, graph[index]) for index in graph.node_indices())
        edges = graph.weighted_edge_list()
    else:
        nodes, edges = graph.nodes(data=True), graph.edges(data=True)
    vertices = (_vertex(key, value[-1] if isinstance(value, tuple) else value) for key, value in nodes)
    return Graph((v for v in vertices if v is not None), ((a, b, str(data.get("label", ""))) for a, b, data in edges))


def _vertex(key: object, value: Any) -> Vertex | None:
    kind, name, config = (value.get(field) for field in ("block_type_", "block_name_", "config_"))
    if not isinstance(name, str) or not isinstance(config, dict):
        return None
    for part in _path(str(getattr(kind, "value", kind)), name, config):
        config = config.get(part) if isinstance(config, dict) else None
    if not isinstance(config, dict):
        return None
    file = str(value.get("file_path_", ""))
    return Vertex(key, str(getattr(kind, "value", kind)), name, file, config, top_of(file, value.get("source_module_object_")))


def top_of(file: str, call: Any) -> str:
    """The folder of the root module from which a chain of checkov's module calls leads to a file."""
    path = file
    while call is not None:
        known = call if isinstance(call, dict) else vars(call) if hasattr(call, "__dict__") else {n: getattr(call, n, None) for n in _CALL}
        path, call = str(known.get("path") or path), known.get("nested_tf_module")
    return os.path.realpath(os.path.dirname(path))


_CALL = ("path", "nested_tf_module")


def _path(kind: str, name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The way to the arguments: type and name of a resource, else the name, without the alias of a provider."""
    first, _, rest = name.partition(".")
    return (first, rest) if kind in ("resource", "data") else (name,) if name in config else (first,)
