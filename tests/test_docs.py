"""README and the pages of docs/: their size, their links, and the settings that they list."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from chunkd.settings import Settings as ChunkdSettings
from s3api.settings import SETTINGS
from tests import settings_table

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README_LINES, README_COLUMNS = 150, 120
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(ROOT / "tests").glob("*.md"),
        *(ROOT / "compat_tests").glob("*.md"),
        *(ROOT / "tests").glob("*.md"),
        *(ROOT / "compat_tests" / "external").glob("*.md"),
    ]
)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Written by another change; drop the entry when the page is there.
SETTING = re.compile(r"^\| `((?:SIXFOLD|CHUNKD)_[A-Z0-9_]+)` \| (.*?) \| .+ \|$", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text()), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def links(path: Path) -> list[str]:
    found = LINK.findall(FENCE.sub("", path.read_text()))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("page", [ROOT / "README.md", *DOCS.rglob("*.md")], ids=name)
def test_files_that_pages_name_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:s3api|chunkd|metadata|tests|compat_tests|docker)/[\w./@-]*\w/?)`", page.read_text()
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_architecture_has_every_package() -> None:
    text = (DOCS / "architecture.md").read_text()
    packages = [
        ".".join(init.parent.relative_to(ROOT).parts)
        for root in ("s3api", "chunkd", "metadata")
        for init in (*(ROOT / root).glob("__init__.py"), *(ROOT / root).glob("*/__init__.py"))
    ]
    assert [package for package in packages if f"`{package}`" not in text] == []


def test_readme_fits_on_a_page() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= README_LINES
    assert [line for line in lines if len(line) > README_COLUMNS] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name(page)} links to {link}, which does not exist"
        if anchor:
            assert anchor in anchors(path), f"{name(page)} links to {link}, which is no heading"


def test_the_index_has_every_page() -> None:
    for index in (DOCS / "README.md", DOCS / "decisions" / "README.md"):
        linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
        assert [name(page) for page in index.parent.glob("*.md") if page not in {*linked, index}] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_begins_with_its_title(page: Path) -> None:
    first, *rest = FENCE.sub("", page.read_text()).splitlines()
    assert first.startswith("# ")
    assert [line for line in rest if line.startswith("# ")] == []


def test_settings_are_what_the_code_says() -> None:
    page = settings_table.PAGE.read_text()
    assert page == settings_table.with_table(page), "run: python -m tests.settings_table"


def test_chunkd_settings_and_their_defaults() -> None:
    expected = {
        f"CHUNKD_{field.upper()}": settings_table.shown(info.get_default(call_default_factory=True))
        for field, info in ChunkdSettings.model_fields.items()
    }
    rows = SETTING.findall((DOCS / "settings.md").read_text())
    assert {setting: default for setting, default in rows if setting.startswith("CHUNKD_")} == expected


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_that_pages_name_exist(page: Path) -> None:
    known = {f"SIXFOLD_{field.upper()}" for field in SETTINGS} | {"SIXFOLD_NODE"}
    known |= {f"CHUNKD_{field.upper()}" for field in ChunkdSettings.model_fields}
    known |= {"SIXFOLD_VENV"}  # of tests/run
    named = re.findall(r"\b(?:SIXFOLD|CHUNKD)_[A-Z0-9_]*[A-Z0-9]\b", page.read_text())
    assert {setting.removesuffix("_FILE") if setting not in known else setting for setting in named} <= known
