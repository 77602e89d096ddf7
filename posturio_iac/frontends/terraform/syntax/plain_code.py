"""Recognizes code that is certainly free of syntax errors, without parsing it.

A recognizer with a stack for what most files consist of. It says yes or "I do not know", and whoever wants to know then asks the parser,
which takes longer. What it takes is a part of what the parser takes (tests/frontends/terraform/test_plain_code.py compares them).
"""

from __future__ import annotations

from posturio_iac.core.text import lazy_pattern
from posturio_iac.core.text.hcl_lexer import LINE_COMMENT, PLAIN_QUOTED, end_of_heredoc, heredoc

_S = rb"[ \t]*"
WORD = rb"[^\W\d][\w-]*(?![\w-])"
_FUNCTION = rb"(?!(?:true|false|null)(?![\w-]))" + WORD
_NO_FOR = rb"(?!for(?![\w-]))"
"""What must not begin a list or an object that is none of ``for``; elsewhere the parser takes any word for a name."""
PATH = rb"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)*(?![\w-])"
_ALONE = rb"(?![.:\[(]|[ \t]+[\[(])"
_SHORT = rb'(?:"[^"\\\r\n$%\0]*"|\d+(?![\w.])|' + PATH + _ALONE + rb")"  # an operand without brackets
_END = rb"(?:" + LINE_COMMENT + rb")?\r?\n"
_W = rb"[ \t\r\n]*(?:" + LINE_COMMENT + rb"\n[ \t\r\n]*)*"
_KEY = rb"(?:" + PATH + rb'|"[^"\\\r\n$%\0]*"|\d+(?![\w.]))' + _S + rb"(?:=(?![=>])|:)" + _S

_TEXT_OF_VALUES = rb'"[^"\\\r\n$%%\0]*(?:\$\{%b%b%b\}[^"\\\r\n$%%\0]*)*"' % (_S, PATH, _S)
_SEVERAL = rb"(?:%b%b(?:,%b|(?=[\])])))*" % (_SHORT, _S, _S)
_TERM = rb"(?:%b|\d+(?![\w.])|%b(?:\[(?:\d+|\*|%b)\](?:\.%b)*)*%b)" % (_TEXT_OF_VALUES, PATH, PATH, WORD, _ALONE)
_VALUE = rb"(?:%b|\[%b%b%b\]|%b\(%b%b\))" % (_TERM, _S, _NO_FOR, _SEVERAL, _FUNCTION, _S, _SEVERAL)
_VALUE += rb"(?:%b(?:[=!]=|&&|\|\||\?%b%b%b:)%b%b)*" % (_S, _S, _SHORT, _S, _S, _SHORT)
_LINE = rb"%b(?:%b%b=(?![=>])%b%b%b)?%b" % (_S, WORD, _S, _S, _VALUE, _S, _END)
_lines = lazy_pattern(rb"(?:%b)*(?:%b(\}))?" % (_LINE, _S))
_in_body = lazy_pattern(rb"%b(%b)(?:%b=(?![=>])%b|((?:[ \t]+%b|%b%b)*)%b\{)" % (_S, WORD, _S, _S, WORD, _S, PLAIN_QUOTED, _S))
_pair = rb"%b%b%b(?:,%b(?:%b)?|%b|(?=\}))" % (_KEY, _SHORT, _S, _S, _END, _END)
_pairs = lazy_pattern(rb"(?:%b(?:%b|%b))*%b(?:(\})|%b)" % (_S, _pair, _END, _S, _KEY))
_items = lazy_pattern(rb"(?:%b%b%b(?:,|(?=[\])])))*%b" % (_W, _SHORT, _W, _W))
_INTRO = rb"(?:%b(for)[ \t]+%b(?:%b,%b%b)?[ \t]+in(?![\w-])%b|(?!%bfor(?![\w-])))" % (_W, WORD, _S, _S, WORD, _W, _W)
_opening = lazy_pattern(rb"(?:[!-]%b)?(?:(%b)?(\()|([\[{])%b|(?=<<))" % (_S, _FUNCTION, _INTRO))
_operand = lazy_pattern(rb'(?:[!-]%b)?(?:("[^"\\\r\n$%%\0]*"?)|\d+(?:\.\d+)?(?![\w.])|%b(?![\w]|::|[ \t]*\())' % (_S, PATH))
_more = lazy_pattern(rb'(?:(?:\\[nrt"\\]|[$%]+(?![$%{]))[^"\\\r\n$%\0]*)*("|\$\{)?[ \t]*')
_plain = lazy_pattern(rb'[^"\\\r\n$%\0]*')
_steps = lazy_pattern(rb"(?:\.(?:\*|%b)|\[(?:\d+|\*|\"[^\"\\\r\n$%%\0]*\")\])*" % WORD)
_gap = lazy_pattern(_W)
_spaces = lazy_pattern(_S)
_for_sign = lazy_pattern(rb":(?!:)|=>|if(?![\w-])")
_operator = lazy_pattern(rb"(?:[=!]=|[<>]=?(?!<)|&&|\|\||[-+*]|/(?![/*])|%(?!\{))")
_line_end = lazy_pattern(_S + _END)
_interpolation = lazy_pattern(rb"[$%%]+\{(?:%b%b(?:\[\d+\])?%b\})?" % (_S, PATH, _S))
_CLOSING = {b"(": b")", b"[": b"]"}
_BODY, _OBJECT, _CHOICE, _STRING = b"body", b"{", b"?", b"${"
_ONE = {b"(": b"one )", b"[": b"one ]"}  # brackets around one expression: parentheses that are no call, and an index
_FOR = {b"[": b"in ]", b"{": b"in }"}
_NEXT = {
    (b"in ]", b":"): b"value ]",
    (b"in }", b":"): b"key }",
    (b"key }", b"=>"): b"value }",
    (b"value ]", b"if"): b"one ]",
    (b"value }", b"if"): b"one }",
}
"""The parts of a ``for`` expression, each with the sign that ends it and the part that follows."""
_ONE_CLOSED = frozenset((*_ONE.values(), *_NEXT.values())) - {b"key }"}
_ENDING = {_BODY: (b"\n",), _OBJECT: (b"\n", b","), b")": (b")", b","), b"]": (b"]", b",")}  # signs that surely end an expression
_ON_ONE_LINE = frozenset((_BODY, _OBJECT, _STRING))
_DEEPEST = 60  # more brackets in one another than that are left to the parser
_OPERAND, _REST, _TEXT = range(3)
"""What comes next in an expression: an operand, what may follow one, or more of a string."""


def end_of_body(data: bytes, at: int) -> int:
    """Where a block ends whose body begins at ``at``, behind its brace; -1 where only a parser can tell whether it is sound."""
    return _Recognizer(data).end_of_body(at)


def end_of_argument(data: bytes, at: int) -> int:
    """Where the expression that begins at ``at`` ends, of an argument at the top of a file; -1 as above."""
    return _Recognizer(data).end_of_argument(at)


class _Recognizer:
    """Follows code from one bracket to the next; plain lines between them are one match of a pattern."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.open: list[bytes] = []
        """What is open: bodies, objects, other brackets, interpolations, and conditionals up to their colon."""

    def end_of_body(self, at: int) -> int:
        self.open.append(_BODY)
        while at >= 0 and self.open:
            kind = self.open[-1]
            at = self._body(at) if kind is _BODY else self._object(at) if kind is _OBJECT else self._list(at)
        return at

    def end_of_argument(self, at: int) -> int:
        self.open.append(_BODY)
        at = self._expression(at)
        while at >= 0 and len(self.open) > 1:
            at = self._object(at) if self.open[-1] is _OBJECT else self._list(at)
        while self.data[at - 1 : at] in (b" ", b"\t"):
            at -= 1
        return at

    def _body(self, at: int) -> int:
        plain = _lines.match(self.data, at)
        at = plain.end()  # type: ignore[union-attr]  # it always matches, if only nothing
        if plain[1]:  # type: ignore[index]
            self.open.pop()
            return at
        found = _in_body.match(self.data, at)
        if found is None or len(self.open) > _DEEPEST:
            return -1
        if found[2] is None:
            return self._expression(found.end())
        self.open.append(_BODY)
        return found.end()

    def _object(self, at: int) -> int:
        found = _pairs.match(self.data, at)
        if found is None:
            return -1
        return self._behind_bracket(found.end()) if found[1] else self._expression(found.end())

    def _list(self, at: int) -> int:
        if self.open[-1] in _FOR.values():
            return self._expression(at)
        at = _items.match(self.data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing
        return self._behind_bracket(at + 1) if self.data[at : at + 1] == self.open[-1] else self._expression(at)

    def _behind_bracket(self, at: int) -> int:
        self.open.pop()
        sign, kind = self.data[at : at + 1], self.open[-1]
        return self._ended(at, sign, kind) if sign in _ENDING.get(kind, ()) else self._expression(at, _REST)

    def _expression(self, at: int, state: int = _OPERAND) -> int:
        """Where an expression ends, or where a bracket of it begins that holds more than one."""
        while at >= 0 and len(self.open) <= _DEEPEST:
            if state == _OPERAND:
                if (found := _opening.match(self.data, at)) is None:
                    at, state = self._operand(at)
                    continue
                name, parenthesis, bracket, intro = found.groups()
                if bracket or name:
                    self.open.append(_FOR[bracket] if intro else _OBJECT if bracket == b"{" else _CLOSING[parenthesis or bracket])
                    return found.end()
                if parenthesis:
                    self.open.append(_ONE[parenthesis])
                    at = self._blank(found.end())
                else:
                    at, state = self._heredoc(found.end()), _REST
            elif state == _TEXT:
                at, state = self._text(at)
            else:
                at = _steps.match(self.data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing
                at = self._blank(at)
                behind = self._behind_sign(at)
                if behind >= 0:
                    at, state = self._blank(behind), _OPERAND
                    continue
                sign, kind = self.data[at : at + 1], self.open[-1]
                if kind is _STRING and sign == b"}":
                    self.open.pop()
                    at, state = _plain.match(self.data, at + 1).end(), _TEXT  # type: ignore[union-attr]  # as above
                elif kind in _ONE_CLOSED and sign == kind[-1:]:
                    self.open.pop()
                    at += 1
                else:
                    return self._ended(at, sign, kind)
        return -1

    def _operand(self, at: int) -> tuple[int, int]:
        found = _operand.match(self.data, at)
        if found is None:
            return -1, _REST
        text = found[1]
        is_open = text and (len(text) == 1 or text[-1:] != b'"')
        return found.end(), _TEXT if is_open else _REST

    def _text(self, at: int) -> tuple[int, int]:
        found = _more.match(self.data, at)
        if found is None or not found[1]:
            return -1, _REST
        if found[1] == b'"':
            return found.end(1), _REST
        self.open.append(_STRING)
        return found.end(), _OPERAND

    def _behind_sign(self, at: int) -> int:
        """Where a sign ends that another operand follows; -1 where there is none."""
        sign = self.data[at : at + 1]
        if sign == b"[":
            self.open.append(_ONE[sign])
        elif sign == b"?":
            self.open.append(_CHOICE)
        elif sign == b":" and self.open[-1] is _CHOICE:
            self.open.pop()
        elif (found := _for_sign.match(self.data, at)) and (following := _NEXT.get((self.open[-1], found[0]))):
            self.open[-1] = following
            return found.end()
        else:
            found = _operator.match(self.data, at)
            return found.end() if found else -1
        return at + 1

    def _ended(self, at: int, sign: bytes, kind: bytes) -> int:
        if kind is _BODY:
            return at if sign == b"}" or _line_end.match(self.data, at) else -1
        if kind is _OBJECT:
            return at + 1 if sign == b"," else at if sign == b"}" or _line_end.match(self.data, at) else -1
        if kind == b")" and self.data.startswith(b"...", at):
            at = self._blank(at + len(b"..."))
            return at if self.data[at : at + 1] == kind else -1
        if kind in (b")", b"]"):
            return at + 1 if sign == b"," else at if sign == kind else -1
        return -1

    def _blank(self, at: int) -> int:
        """Where code goes on: on the same line, where its end would end the expression."""
        kind = self.open[-1]
        if kind is _CHOICE:
            kind = next(kind for kind in reversed(self.open) if kind is not _CHOICE)
        blank = _spaces if kind in _ON_ONE_LINE else _gap
        return blank.match(self.data, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing

    def _heredoc(self, at: int) -> int:
        """Where a heredoc ends that begins at ``at``, if it interpolates nothing but references."""
        opened = heredoc.match(self.data, at)
        if opened is None or not opened[1].isascii() or self.open[-1] not in (_BODY, _OBJECT):
            return -1
        text, end = opened.end(), end_of_heredoc(self.data, opened)
        if self.data.find(b"{", text, end) < 0:
            return end
        found = _interpolation.finditer(self.data, text, end)
        return end if all(one[0].startswith(b"${") and one[0].endswith(b"}") for one in found) else -1
