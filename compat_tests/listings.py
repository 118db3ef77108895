"""Keys, prefixes and expected results of the listing tests."""

from __future__ import annotations

TREE = ["a", "b/1", "b/2", "b/c/3", "d", "e/", "e/4", "é", "ユ"]
TREE_KEYS = ["a", "d", "é", "ユ"]
TREE_PREFIXES = ["b/", "e/"]
UNORDERED = [
    "b",
    "a",
    "B",
    "A",
    "aa",
    "a/",
    "a!",
    "~",
    "é",
    "z",
    "\U0001f600",
    "\uff5e",
    "10",
    "9",
    "a b",
    "a+b",
]
# Listings of TREE: prefix, delimiter, expected keys, expected common prefixes.
CUTS: dict[str, tuple[str, str, list[str], list[str]]] = {
    "top": ("", "/", TREE_KEYS, TREE_PREFIXES),
    "below": ("b/", "/", ["b/1", "b/2"], ["b/c/"]),
    "part_of_a_name": ("b", "/", [], ["b/"]),
    "deep": ("b/c/", "/", ["b/c/3"], []),
    "the_folder_itself": ("e/", "/", ["e/", "e/4"], []),
    "nothing": ("x", "/", [], []),
    "long_delimiter": ("", "/c/", ["a", "b/1", "b/2", "d", "e/", "e/4", "é", "ユ"], ["b/c/"]),
    "letter": ("", "4", ["a", "b/1", "b/2", "b/c/3", "d", "e/", "é", "ユ"], ["e/4"]),
    "absent_delimiter": ("", "%", TREE, []),
    "unicode_prefix": ("ユ", "/", ["ユ"], []),
}


def in_order(keys: list[str]) -> list[str]:
    """Sort keys as S3 lists them: by their UTF-8 bytes."""
    return sorted(keys, key=str.encode)
