"""The syntax tree of a checked CEL expression: read from the compiler, changed by us, given back to be evaluated.

``cel.expr.CheckedExpr`` is the public interchange format of CEL (cel-spec, ``proto/cel/expr/checked.proto``); the
wheel of cel-expr-python writes and reads it but ships no Python classes, so the part that we use is declared here.
Fields that are not listed are kept as they are by protobuf.
"""

from __future__ import annotations

from typing import Any

from cel_expr_python import cel
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

Node = Any
"""A ``cel.expr.Expr``; protobuf classes made at run time have no static type."""

TYPE_URL = "type.googleapis.com/cel.expr.CheckedExpr"

_MESSAGES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "Expr": (
        ("id", 2, "int64"),
        ("const", 3, "?Constant"),
        ("ident", 4, "?Ident"),
        ("select", 5, "?Select"),
        ("call", 6, "?Call"),
        ("list", 7, "?List"),
        ("struct", 8, "?Struct"),
        ("comprehension", 9, "?Comprehension"),
    ),
    "Constant": (
        ("null", 1, "?int32"),
        ("bool", 2, "?bool"),
        ("int", 3, "?int64"),
        ("uint", 4, "?uint64"),
        ("double", 5, "?double"),
        ("string", 6, "?string"),
        ("bytes", 7, "?bytes"),
    ),
    "Ident": (("name", 1, "string"),),
    "Select": (("operand", 1, "Expr"), ("field", 2, "string"), ("test_only", 3, "bool")),
    "Call": (("target", 1, "Expr"), ("function", 2, "string"), ("args", 3, "*Expr")),
    "List": (("elements", 1, "*Expr"),),
    "Entry": (("id", 1, "int64"), ("field", 2, "string"), ("key", 3, "Expr"), ("value", 4, "Expr")),
    "Struct": (("name", 1, "string"), ("entries", 2, "*Entry")),
    "Comprehension": (
        ("iter_var", 1, "string"),
        ("iter_range", 2, "Expr"),
        ("accu_var", 3, "string"),
        ("accu_init", 4, "Expr"),
        ("loop_condition", 5, "Expr"),
        ("loop_step", 6, "Expr"),
        ("result", 7, "Expr"),
        ("iter_var2", 8, "string"),
    ),
    "Reference": (("name", 1, "string"),),
    "ReferenceEntry": (("key", 1, "int64"), ("value", 2, "Reference")),
    "Type": (("primitive", 3, "int32"), ("wrapper", 4, "int32")),
    "TypeEntry": (("key", 1, "int64"), ("value", 2, "Type")),
    "PositionEntry": (("key", 1, "int64"), ("value", 2, "int32")),
    "SourceInfo": (("positions", 4, "*PositionEntry"),),
    "CheckedExpr": (
        ("references", 2, "*ReferenceEntry"),
        ("types", 3, "*TypeEntry"),
        ("expr", 4, "Expr"),
        ("source_info", 5, "SourceInfo"),
    ),
}
"""Message name to its fields: name, number, type; ``*`` repeated, ``?`` one of the message's alternatives."""

_SCALARS = {"double": 1, "int64": 3, "uint64": 4, "int32": 5, "bool": 8, "string": 9, "bytes": 12}

_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}


def _checked_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="cel_tree.proto", package="cel.expr", syntax="proto3")
    for message, fields in _MESSAGES.items():
        descriptor = file.message_type.add(name=message)
        for name, number, kind in fields:
            mark, bare = (kind[0], kind[1:]) if kind[0] in "*?" else ("", kind)
            field = descriptor.field.add(name=name, number=number, label=3 if mark == "*" else 1)
            field.type = _SCALARS.get(bare, 11)  # type: ignore[assignment]  # the stubs want an enum
            if bare not in _SCALARS:
                field.type_name = f".cel.expr.{bare}"
            if mark == "?":
                field.oneof_index = 0
        if any(kind[0] == "?" for _, _, kind in fields):
            descriptor.oneof_decl.add(name="kind")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("cel.expr.CheckedExpr"))


_CheckedExpr = _checked_class()


class Tree:
    """One checked expression as a tree of nodes, with what the type checker found out about each."""

    def __init__(self, checked: Any) -> None:
        self._checked = checked
        self.root: Node = checked.expr
        self._types = {entry.key: entry.value for entry in checked.types}
        self._positions = {entry.key: entry.value for entry in checked.source_info.positions}

    @classmethod
    def of(cls, expression: cel.Expression) -> Tree | None:
        """The tree of a compiled expression; None when it is nested deeper than protobuf reads (100)."""
        try:
            envelope = any_pb2.Any.FromString(expression.serialize())
            return cls(_CheckedExpr.FromString(envelope.value))
        except DecodeError:
            return None

    def position(self, node: Node) -> int:
        """Where ``node`` stands in the text: code points from 0. For a call it is the bracket or the operator."""
        return int(self._positions.get(node.id, 0))

    def type_of(self, node: Node) -> str:
        """``bool``, ``int``, ``uint``, ``double``, ``string``, ``bytes``, or ``any`` for everything else."""
        found = self._types.get(node.id)
        if found is None:
            return "any"
        return _PRIMITIVES.get(found.primitive or found.wrapper, "any")

    def make_variable(self, node: Node, name: str) -> None:
        """Put the variable ``name`` in the place of ``node``."""
        number = node.id
        node.Clear()
        node.id = number
        node.ident.name = name
        self._refer(number, name)

    def add_variable(self, call: Node, name: str) -> None:
        """Give the call node one more argument: the variable ``name``."""
        argument = call.call.args.add()
        argument.id = max(self._positions, default=0) + call.id + 1
        argument.ident.name = name
        self._refer(argument.id, name)

    def _refer(self, number: int, name: str) -> None:
        entry = next((entry for entry in self._checked.references if entry.key == number), None)
        if entry is None:
            entry = self._checked.references.add(key=number)
        entry.value.Clear()
        entry.value.name = name

    def idents(self, node: Node) -> set[str]:
        """Every plain name below ``node``."""
        if node.WhichOneof("kind") == "ident":
            return {node.ident.name}
        parts = [self.idents(child) for child in _children(node)]
        return set().union(*parts)

    def part(self, node: Node) -> Tree:
        """What is below ``node`` as a tree of its own; changes to it do not show here."""
        checked = _CheckedExpr()
        checked.CopyFrom(self._checked)
        part = type(node)()
        part.CopyFrom(node)  # first apart: protobuf would clear the node that it is copying from
        checked.expr.CopyFrom(part)
        return Tree(checked)

    def program(self, env: cel.Env) -> cel.Expression:
        """An expression that evaluates this tree."""
        envelope = any_pb2.Any(type_url=TYPE_URL, value=self._checked.SerializeToString())
        return env.deserialize(envelope.SerializeToString())


def _children(node: Node) -> list[Node]:
    """The expressions directly below ``node``."""
    found: list[Node] = []
    inside = getattr(node, node.WhichOneof("kind") or "const")
    for field, value in inside.ListFields():
        if field.message_type is None:
            continue
        for item in value if field.is_repeated else (value,):
            found += [item] if hasattr(item, "id") and hasattr(item, "call") else [item.key, item.value]
    return found
