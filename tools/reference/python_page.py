"""The page of the Python API: public names of the packages for tests and for plugins, by signature and docstring."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

from mock_server import plugins, testing
from tools.reference.markdown import page, prose, table

INTRODUCTION = """\
`from mock_server import MockServer, World` is enough for most tests; with pytest, the fixtures `mock_server` and
`mock_world` need no import at all ([how](how-to-pytest.md)). The package is typed.
"""


def python_page() -> str:
    """Return the page."""
    return page("Python API", INTRODUCTION, *_sections(testing, "For tests"), *_sections(plugins, "For plugins"))


def _sections(module: ModuleType, title: str) -> Iterator[str]:
    yield f"## {title}: `{module.__name__}`"
    yield prose(inspect.getdoc(module) or "")
    for name in module.__all__:
        yield _entry(name, getattr(module, name))


def _entry(name: str, entity: Any) -> str:
    if inspect.isclass(entity):
        return "\n\n".join(_class(name, entity))
    if inspect.isfunction(entity):
        return f"### {name}\n\n{_code(_signature(name, entity))}\n\n{prose(inspect.getdoc(entity) or '')}"
    value, text = _assignment(name, plugins.extensions)
    return f"### {name}\n\n{_code(f'{name} = {ast.unparse(value)}')}\n\n{prose(text)}"


def _class(name: str, entity: type[Any]) -> Iterator[str]:
    yield f"### {name}"
    if hasattr(entity, "__required_keys__"):
        yield prose(_docstring(entity))
        yield table(("key", "type", ""), _keys(entity))
        return
    yield _code(_signature(name, entity) if _is_made_by_callers(entity) else f"class {name}")
    yield prose(_docstring(entity))
    fields = [*_fields(entity)]
    if fields:
        yield table(("attribute", "type", ""), fields)
    for member, value in _members(entity):
        yield f"#### {name}.{member}"
        if isinstance(value, property):
            returns = inspect.signature(value.fget).return_annotation if value.fget else ""
            yield _code(f"{member}: {_text(returns)}")
            yield prose(inspect.getdoc(value) or "")
        else:
            yield _code(_signature(member, value))
            yield prose(inspect.getdoc(value) or "")


def _members(entity: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that a class has of its own or of the public ones above it."""
    for member in sorted(vars(entity)):
        value = inspect.getattr_static(entity, member)
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if not member.startswith("_") and (inspect.isfunction(function) or isinstance(function, property)):
            yield member, function


def _docstring(entity: type[Any]) -> str:
    """Return the docstring that a class has itself."""
    own = inspect.cleandoc(vars(entity).get("__doc__") or "")
    if not own or own.startswith(f"{entity.__name__}("):  # as dataclasses make one up
        return _assignment(entity.__name__, inspect.getmodule(entity))[1] if _class_node(entity) is None else ""
    return own


def _fields(entity: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the annotated attributes of a class in their order: name, type, and the text that stands after each."""
    for node, text in _documented(_class_node(entity)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not node.target.id.startswith("_"):
            yield f"`{node.target.id}`", f"`{ast.unparse(node.annotation)}`", prose(text)


def _keys(entity: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the keys of a TypedDict."""
    if _class_node(entity) is not None:
        yield from _fields(entity)
        return
    match _assignment(entity.__name__, inspect.getmodule(entity))[0]:
        case ast.Call(args=[_, ast.Dict(keys, values)]):
            for key, annotation in zip(keys, values, strict=True):
                assert isinstance(key, ast.Constant)
                yield f"`{key.value}`", f"`{_optional(annotation)}`", ""


def _optional(annotation: ast.expr) -> str:
    """Return the type of a key that may be missing, as all may."""
    match annotation:
        case ast.Subscript(ast.Name("NotRequired"), ast.Constant(str(name))):
            return name
        case ast.Subscript(ast.Name("NotRequired"), inner):
            return ast.unparse(inner)
    return ast.unparse(annotation)


def _documented(node: ast.ClassDef | ast.Module | None) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the statements of a body, each with the docstring that follows it."""
    body = [] if node is None else node.body
    for index, statement in enumerate(body):
        text = ""
        match body[index + 1 : index + 2]:
            case [ast.Expr(ast.Constant(str(value)))]:
                text = inspect.cleandoc(value)
        yield statement, text


@cache
def _tree(module: str) -> ast.Module:
    file = inspect.getfile(__import__(module, fromlist=["_"]))
    with open(file, encoding="utf-8") as source:
        return ast.parse(source.read())


def _class_node(entity: type[Any]) -> ast.ClassDef | None:
    nodes = (node for node in _tree(entity.__module__).body if isinstance(node, ast.ClassDef))
    return next((node for node in nodes if node.name == entity.__name__), None)


def _assignment(name: str, module: ModuleType | None) -> tuple[ast.expr, str]:
    """Return the value that a module gives to a name, and the text after it. Raises :class:`LookupError`."""
    assert module is not None
    for node, text in _documented(_tree(module.__name__)):
        match node:
            case ast.Assign(targets=[ast.Name(target)], value=value) if target == name:
                return value, text
            case ast.AnnAssign(target=ast.Name(target), value=ast.expr() as value) if target == name:
                return value, text
    raise LookupError(name)


def _signature(name: str, entity: Any) -> str:
    """Return a signature on one line, or a parameter a line where that is long; without ``self``."""
    signature = inspect.signature(entity)
    parameters = [each for each in signature.parameters.values() if each.name not in ("self", "cls")]
    texts = [_parameter(each) for each in _with_marks(parameters)]
    returns = (
        ""
        if inspect.isclass(entity) or signature.return_annotation is signature.empty
        else (f" -> {_text(signature.return_annotation)}")
    )
    line = f"{name}({', '.join(texts)}){returns}"
    if len(line) <= 100:
        return line
    return "\n".join([f"{name}(", *(f"    {text}," for text in texts), f"){returns}"])


def _with_marks(parameters: list[inspect.Parameter]) -> Iterator[inspect.Parameter | str]:
    """Yield parameters, and ``*`` before those that are given by name alone."""
    has_star = False
    for each in parameters:
        if each.kind is each.VAR_POSITIONAL:
            has_star = True
        elif each.kind is each.KEYWORD_ONLY and not has_star:
            has_star = True
            yield "*"
        yield each


def _parameter(each: inspect.Parameter | str) -> str:
    if isinstance(each, str):
        return each
    stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
    annotation = "" if each.annotation is each.empty else f": {_text(each.annotation)}"
    if each.default is each.empty:
        return f"{stars}{each.name}{annotation}"
    default = "..." if callable(each.default) or " at 0x" in repr(each.default) else repr(each.default)
    return f"{each.name}{annotation} = {default}" if annotation else f"{each.name}={default}"


def _text(annotation: object) -> str:
    """Return an annotation as the source has it: all modules postpone theirs."""
    text = getattr(annotation, "__forward_arg__", annotation)  # of named tuples
    assert isinstance(text, str), text
    return text


def _is_made_by_callers(entity: type[Any]) -> bool:
    """Tell whether a class is more than a protocol or an error, which callers meet and do not make."""
    return not getattr(entity, "_is_protocol", False) and not issubclass(entity, BaseException)


def _code(text: str) -> str:
    return f"```py\n{text}\n```"
