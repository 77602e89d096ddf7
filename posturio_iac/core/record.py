"""Data classes, named tuples, enumerations and generic classes without the cost of making them: the part of each that this package uses.

`dataclasses` imports `inspect` and compiles five functions for each class, which was half of the time of a scan of one file;
`typing.NamedTuple` compiles each annotation; `enum` takes for a member as long as for a class. Type checkers see the real ones.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
    from enum import Enum as Enum
    from typing import Generic as Generic
    from typing import NamedTuple as NamedTuple
    from typing import TypeVar as TypeVar
else:
    from collections import _tuplegetter
    from operator import attrgetter

    _RARE = 100  # how many objects a class makes before its initialiser is compiled

    class field:  # noqa: N801 - the name in dataclasses
        """States how an attribute gets its value, and whether it counts for equality."""

        __slots__ = ("compare", "default_factory", "init")

        def __init__(self, *, default_factory=None, init=True, compare=True):
            self.default_factory, self.init, self.compare = default_factory, init, compare

    def dataclass(*, frozen=False, eq=True, **_slots):
        """Make the decorated class a data class; each says that it has ``slots``, for type checkers."""
        return lambda cls: _made(cls, frozen=frozen, eq=eq)

    def replace(record, /, **changes):
        """A copy of a record with other values for some attributes."""
        values = [changes.pop(name) if name in changes else getattr(record, name) for name in record.__match_args__]
        return type(record)(*values, **changes)

    def _made(cls, *, frozen, eq):
        names = tuple(cls.__annotations__)
        space = dict(cls.__dict__)
        space.pop("__dict__", None)
        space.pop("__weakref__", None)
        given = {name: space.pop(name) for name in names if name in space}
        taken = compared = names
        if special := {name: value for name, value in given.items() if isinstance(value, field)}:
            taken = tuple(n for n in names if n not in special or special[n].init)
            compared = tuple(n for n in names if n not in special or special[n].compare)
        setters = []
        # Everything stands in the namespace from the start: a special method that is set on a finished class costs several times as much.
        methods = {
            "__init__": _initialiser(cls.__name__, taken, setters, given, special, space.get("__post_init__")),
            "__repr__": lambda self: f"{cls.__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})",
            "__reduce__": _reduced,
        }
        if eq and "__eq__" not in space:
            values = attrgetter(*compared) if compared else lambda _self: ()
            methods["__eq__"] = lambda self, other: values(self) == values(other) if type(other) is type(self) else NotImplemented
            methods["__hash__"] = (lambda self: hash(values(self))) if frozen else None
        if frozen:
            methods["__setattr__"] = methods["__delattr__"] = _refuse
        methods.update(space, __slots__=names, __match_args__=taken)
        made = type(cls)(cls.__name__, cls.__bases__, methods)
        made.__qualname__ = cls.__qualname__
        setters += [made.__dict__[name].__set__ for name in taken]
        return made

    def _initialiser(record, names, setters, given, special, after):
        factories = {name: value.default_factory for name, value in special.items()}
        defaults = {name: value for name, value in given.items() if name not in special} if special else given
        left = _RARE

        def __init__(self, *values, **named):  # noqa: N807 - becomes the method
            nonlocal left
            left -= 1
            if not left:
                owner = next(cls for cls in type(self).__mro__ if cls.__dict__.get("__init__") is __init__)
                owner.__init__ = _compiled(names, setters, defaults, factories, after)
            for put, value in zip(setters, values):  # noqa: B905 - named values follow
                put(self, value)
            stated = len(values)
            for name, put in zip(names[stated:], setters[stated:]):  # noqa: B905 - one setter a name
                if name in named:
                    put(self, named.pop(name))
                elif name in defaults:
                    put(self, defaults[name])
                elif factories.get(name) is not None:
                    put(self, factories[name]())
                else:
                    raise TypeError(f"{record}() lacks the argument {name}")
            if named or stated > len(names):
                raise TypeError(f"{record}() got too many arguments: {', '.join(named) or stated}")
            if after is not None:
                after(self)

        return __init__

    def _compiled(names, setters, defaults, factories, after):
        """The initialiser that `dataclasses` would write. Compiling one takes as long as making some hundred objects without."""
        space = {f"_put_{name}": put for name, put in zip(names, setters)}  # noqa: B905 - one setter a name
        space |= {f"_default_{name}": value for name, value in defaults.items()}
        space |= {f"_make_{name}": make for name, make in factories.items() if make is not None}
        space |= {"_absent": object(), "_after": after}
        given, body = ["self"], []
        for name in names:
            value = name
            if name in defaults:
                given.append(f"{name}=_default_{name}")
            elif f"_make_{name}" in space:
                given.append(f"{name}=_absent")
                value = f"_make_{name}() if {name} is _absent else {name}"
            else:
                given.append(name)
            body.append(f" _put_{name}(self, {value})")
        after_lines = [" _after(self)"] if after is not None else []
        exec("\n".join((f"def __init__({', '.join(given)}):", *(body or [" pass"]), *after_lines)), space)  # noqa: S102 - as dataclasses do
        return space["__init__"]

    def _reduced(self):
        return type(self), tuple(getattr(self, name) for name in self.__match_args__)

    def _refuse(self, name, *_value):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot change {name} of a {type(self).__name__}")

    class _NamedTuples(type):
        """Makes the classes that state ``NamedTuple`` as their base."""

        def __new__(cls, name, _bases, space):
            fields = tuple(space.get("__annotations__", ()))
            defaults = {field: space.pop(field) for field in fields if field in space}
            methods = {
                "__slots__": (),
                "__match_args__": fields,
                "_fields": fields,
                "__new__": _constructor(name, fields, defaults),
                "__repr__": lambda self: f"{name}({', '.join(f'{n}={v!r}' for n, v in zip(fields, self, strict=True))})",
                "__getnewargs__": lambda self: (*self,),
                "_replace": lambda self, /, **changes: type(self)(**(dict(zip(fields, self, strict=True)) | changes)),
            }
            getters = {field: _tuplegetter(place, None) for place, field in enumerate(fields)}
            return type(name, (tuple,), {**methods, **getters, **space})

    def _constructor(name, fields, defaults):
        left = _RARE

        def __new__(cls, /, *values, **named):  # noqa: N807 - becomes the method
            nonlocal left
            left -= 1
            if not left:
                cls.__new__ = staticmethod(_compiled_constructor(fields, defaults))
            if len(values) != len(fields) or named:
                rest = fields[len(values) :]
                absent = [field for field in rest if field not in named and field not in defaults]
                if absent or len(values) > len(fields) or not named.keys() <= set(rest):
                    raise TypeError(f"{name}() takes the arguments {', '.join(fields)}, not {len(values)} and {', '.join(named) or 'none'}")
                values = (*values, *(named[field] if field in named else defaults[field] for field in rest))
            return tuple.__new__(cls, values)

        return __new__

    def _compiled_constructor(fields, defaults):
        given = ", ".join(f"{field}=_default_{field}" if field in defaults else field for field in fields)
        space = {f"_default_{field}": value for field, value in defaults.items()} | {"_make": tuple.__new__}
        return eval(f"lambda _class, {given}: _make(_class, ({''.join(f'{field}, ' for field in fields)}))", space)  # noqa: S307 - as namedtuple does

    NamedTuple = type.__new__(_NamedTuples, "NamedTuple", (), {})

    class _Enumerations(type):
        """Makes the classes that state ``Enum`` as their last base, each name in capitals a member."""

        def __new__(cls, name, bases, space):
            words = {word: space.pop(word) for word in [*space] if word.isupper()}
            if bases:  # what `str` and `int` know as well
                space = {**_SHOWN, **space}
            made = super().__new__(cls, name, bases, space)
            mixed_in = bases[0] if len(bases) > 1 else None
            made.__members__ = {}
            for word, value in words.items():
                member = made.__members__[word] = mixed_in.__new__(made, value) if mixed_in else object.__new__(made)
                member.name, member.value = word, value
                setattr(made, word, member)
            return made

        def __call__(cls, value):
            for member in cls:
                if member.value == value:
                    return member
            raise ValueError(f"{value!r} is no {cls.__name__}")

        def __iter__(cls):
            return iter(cls.__members__.values())

        def __len__(cls):
            return len(cls.__members__)

        def __getitem__(cls, word):
            return cls.__members__[word]

        def __contains__(cls, member):
            return isinstance(member, cls)

    _SHOWN = {
        "__repr__": lambda self: f"<{self}: {self.value!r}>",
        "__str__": lambda self: f"{type(self).__name__}.{self.name}",
        "__format__": lambda self, form: format(str(self), form),
        "__reduce_ex__": lambda self, _protocol: (type(self), (self.value,)),
    }

    class Enum(metaclass=_Enumerations):
        """The base of all enumerations."""

    class Generic:
        """The base of classes that have parameters for type checkers alone."""

        __slots__ = ()

        def __class_getitem__(cls, _parameters):
            return cls

    def TypeVar(name, **_bounds):  # noqa: N802 - the name in typing
        return name


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    K = TypeVar("K")
    T = TypeVar("T")


def kept(known: dict[K, T], key: K, make: Callable[[K], T]) -> T:
    """What is known for a key, and made for it at first."""
    if key not in known:
        known[key] = make(key)
    return known[key]


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The items by their keys, in the order of the first of each."""
    found: dict[K, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
