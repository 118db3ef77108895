"""Rules that every operation must follow. A failure names the operation and what it lacks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import s3api.operations
from s3api.access.actions import BUCKET_ACTIONS, OBJECT_ACTIONS, SERVICE_ACTIONS, required_actions
from s3api.bucket_logs.operation_names import JOURNALED_OPERATIONS, log_name
from s3api.operations import OPERATIONS
from s3api.wire import Wire
from s3api.wire.binding import snake_case
from s3api.wire.error_codes import ERRORS

PACKAGE = Path(s3api.operations.__file__).parent
FILES = sorted(PACKAGE.glob("*.py"))
COMPAT_TESTS = PACKAGE.parent.parent / "compat_tests"
WIRE = Wire.load()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_code_that_is_raised_is_one_of_s3s(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "S3Error"
        if named and isinstance(code := node.args[0], ast.Constant):  # type: ignore[attr-defined]
            assert code.value in ERRORS


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_functions_named_as_operations_are_found(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AsyncFunctionDef):
            name = "".join(word.capitalize() for word in node.name.split("_"))
            message = (
                f"{path.name}: {node.name} is not found: it must be `async def {node.name}(call, *, ...)`"
            )
            assert name not in WIRE.operations or name in OPERATIONS, f"{message} in operations/*.py"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_complete(name: str) -> None:
    assert name in WIRE.operations, f"AWS's model has no operation {name}: is {snake_case(name)} a helper?"
    WIRE.bind(name, OPERATIONS[name])
    if not WIRE.operations[name].rules.authorizes_each_key:
        action = required_actions(name, {}, version=False).action
        known = OBJECT_ACTIONS | BUCKET_ACTIONS | SERVICE_ACTIONS
        assert action in known, f"{name} has no IAM action in s3api/access/actions.py"
    method = WIRE.operations[name].method
    logged = log_name(name, method)
    assert re.fullmatch(rf"REST\.({method}|COPY)\.[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", logged), (
        f"{name} has no access-log name ({logged}): add it to s3api/bucket_logs/operation_names.py"
    )
    proof = COMPAT_TESTS / f"test_{snake_case(name)}.py"
    assert proof.exists(), f"{name} has no compat_tests/{proof.name}"


def test_journaled_operations_exist() -> None:
    assert JOURNALED_OPERATIONS - OPERATIONS.keys() == {"PostObject"}  # the browser form, no operation
