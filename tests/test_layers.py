"""The house's walls: who may import whom, and how large a module and a function may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("s3api", "chunkd", "metadata")
MODULE_LINES, FUNCTION_LINES = 500, 70
MODULES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))
FILES = sorted({*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "compat_tests").rglob("*.py")})

# For the longest prefix of a module's name: what of ours it may import (TYPE_CHECKING aside).
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "chunkd": ("chunkd",),
    "metadata": ("metadata",),
    "s3api.errors": (),
    "s3api.checksums": ("s3api.errors",),
    "s3api.tasks": (),
    "s3api.columns": (),
    "s3api.body": ("chunkd", "s3api.errors", "s3api.tasks"),
    "metadata.bucket_settings": ("metadata",),
    "s3api.wire": ("s3api.wire", "s3api.columns", "s3api.errors", "s3api.checksums"),
    "s3api.signatures": ("s3api.signatures", "s3api.errors", "s3api.checksums"),
    "s3api.web": ("s3api.web", "s3api.errors", "s3api.wire.scalars", "s3api.wire.tables"),
    "s3api.crypto": ("s3api.crypto", "s3api.errors"),
    "s3api.periodic": (),
    "s3api.blobs": (
        "s3api.blobs",
        "s3api.body",
        "s3api.periodic",
        "s3api.crypto",
        "s3api.errors",
        "s3api.tasks",
        "chunkd",
        "metadata",
    ),
    "s3api.kms": ("s3api.kms", "s3api.crypto", "s3api.private_files", "s3api.errors"),
    "s3api.private_files": (),
    "s3api.operations": (
        "s3api.operations",
        "s3api.columns",
        "s3api.blobs",
        "s3api.access",
        "s3api.signatures",
        "s3api.body",
        "metadata.bucket_settings",
        "s3api.checksums",
        "s3api.crypto",
        "s3api.kms",
        "s3api.errors",
        "s3api.events",
        "s3api.lifecycle",
        "s3api.accesslog",
        "s3api.events",
        "chunkd",
        "metadata",
    ),
    "s3api.iam": (
        "s3api.iam",
        "s3api.signatures",
        "s3api.wire",
        "s3api.errors",
        "s3api.access",
        "s3api.body",
        "metadata",
    ),
    "s3api.access": (
        "s3api.access",
        "s3api.signatures",
        "s3api.errors",
        "metadata",
        "s3api.private_files",
        "s3api.settings",
    ),
    "s3api.gateway.permission": (
        "s3api.access",
        "s3api.signatures",
        "s3api.errors",
        "s3api.operations",
        "metadata",
    ),
    "s3api.lifecycle": ("s3api.lifecycle",),
    "s3api.events": ("s3api.events",),
    "s3api.accesslog": ("s3api.accesslog",),
    "s3api.settings": ("chunkd.filed",),
}
# For the same prefixes: what of others' it must not import.
NO_IO = ("asyncio", "socket", "ssl", "subprocess", "threading", "http", "httpx", "lmdb", "redis", "uvicorn")
NO_SQL = ("sqlalchemy", "sqlmodel", "sqlite3", "psycopg")
NO_WEB = ("fastapi", "starlette")
MUST_NOT: dict[str, tuple[str, ...]] = {
    "s3api.wire": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.signatures": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.lifecycle": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.events": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.accesslog": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.web": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.crypto": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.iam": (*NO_IO, *NO_SQL, *NO_WEB),
    "s3api.operations": (*NO_SQL, *NO_WEB, "http"),
    "s3api": NO_SQL,
}
KNOW_FASTAPI = ("s3api.app", "s3api.rest", "chunkd.server")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """What a module imports when it runs, by full name."""
    tree = ast.parse(path.read_text())
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(inner for statement in node.body for inner in ast.walk(statement))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute here"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def below(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_run_downward(path: Path) -> None:
    name = module_name(path)
    allowed = next(
        (MAY_IMPORT[p] for p in sorted(MAY_IMPORT, key=len, reverse=True) if below(name, (p,))), OURS
    )
    found = [other for other in imports(path) if below(other, OURS)]
    # `from s3api import failures` names a module of the package, `from s3api import __version__` the package.
    wrong = [other for other in found if not below(other, allowed)]
    assert not wrong, f"{name} may import {allowed or 'nothing of ours'}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_layers_do_not_know_what_is_above_or_outside(path: Path) -> None:
    name = module_name(path)
    forbidden = {other for prefix, others in MUST_NOT.items() if below(name, (prefix,)) for other in others}
    if not below(name, KNOW_FASTAPI):
        forbidden.update(NO_WEB)
    assert not [other for other in imports(path) if below(other, tuple(forbidden))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_fit(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{node.name}: {lines} lines"
