"""The table of operations with special rules, against the operations that exist."""

from __future__ import annotations

from s3api.operation_table import NO_RULES, OPERATION_RULES, rules_of
from s3api.wire import Wire


def test_every_row_is_an_operation_with_a_rule() -> None:
    known = {*Wire.load().operations, "PostObject"}  # the browser form, which AWS's model does not have
    assert set(OPERATION_RULES) <= known
    assert NO_RULES not in OPERATION_RULES.values()


def test_an_operation_without_a_row_has_no_rules() -> None:
    assert rules_of("GetObject") is NO_RULES
    assert Wire.load().operations["CopyObject"].rules.copies
