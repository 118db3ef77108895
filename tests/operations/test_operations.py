"""What holds of every operation, read from the code and from AWS's model."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import s3api.operations
from s3api.operations import OPERATIONS
from s3api.wire import Wire
from s3api.wire.error_codes import ERRORS

FILES = sorted(Path(s3api.operations.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_code_that_is_raised_is_one_of_s3s(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "S3Error"
        if named and isinstance(code := node.args[0], ast.Constant):  # type: ignore[attr-defined]
            assert code.value in ERRORS


def test_every_handler_fits_the_model() -> None:
    wire = Wire.load()
    for name, handler in OPERATIONS.items():
        wire.bind(name, handler)
