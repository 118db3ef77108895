"""The support table of docs/s3.md is what the code does."""

from tests.support_table import PAGE, with_table


def test_the_support_table_is_what_the_signatures_say() -> None:
    text = PAGE.read_text()
    assert text == with_table(text), "run: python -m tests.support_table"
