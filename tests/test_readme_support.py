"""README says of each operation exactly what the code does."""

from tests.support_table import ROOT, with_table


def test_the_support_table_is_what_the_signatures_say() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme == with_table(readme), "run: python -m tests.support_table"
