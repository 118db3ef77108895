"""S3 suites that no one here wrote, run against any endpoint. README.md has the figures; see __main__.py.

Nothing of the suites is kept here: `suites.py` has where each is found and which revision counts, `lists/`
which of its tests must pass and which are excepted for what reason. This package imports nothing of the
server's.
"""
