"""Statements are compiled at their first use, so this compiles each one in both dialects."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import metadata.queries
from metadata.queries.statements import Statement


def all_statements() -> Iterator[Statement]:
    for module in pkgutil.iter_modules(metadata.queries.__path__, "metadata.queries."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type):
                yield from (found for found in vars(value).values() if isinstance(found, Statement))


@pytest.mark.parametrize("statement", {id(found): found for found in all_statements()}.values(), ids=repr)
def test_a_statement_compiles(statement: Statement) -> None:
    assert statement.sqlite.sql
    assert statement.postgresql.sql


def test_parameters_with_a_constant_value_are_in_the_first_call() -> None:
    statement = next(found for found in all_statements() if found._constants)
    fresh = Statement(statement._cores["sqlite"], statement.fetch, writes=statement.writes)
    assert statement._constants.items() <= fresh().parameters.items()
