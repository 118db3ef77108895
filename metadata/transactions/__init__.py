"""Transactions: plain generators that yield statements and return a result. They do no I/O.

A transaction is written once and runs on both engines. This one gives an object another owner:

    def change_owner(bucket: str, key: str, owner: str) -> Transaction[bytes]:
        row = yield Objects.head(bucket=bucket, key=key)  # a `Call`: a statement with its parameters
        if row is None:
            raise NoSuchBucket  # nothing is written yet, so only this transaction fails
        current = head_of(row).current  # rows are plain tuples: name their columns at once
        changed = yield Objects.set_owner(at_data=current.data_id, owner=owner)
        if not changed:
            raise Retry  # another gateway was faster: the runner starts again
        return current.data_id  # the result of `runner.write`

Who runs it: `await runner.write(key, change_owner, "photos", "cat.jpg", "alice")`. The runner calls the
function, and answers each yield as the statement was made (`metadata.queries.statements`):

    one(...)       the first row, or None
    rows(...)      a list of rows
    change(...)    the number of rows that the INSERT, UPDATE or DELETE changed
    X.each([...])  a list of such answers, one for each set of parameters; None for `change`

A transaction uses another one by `yield from`. Without I/O in them, a runner can interleave several. SQLite
runs a batch one after the other on one connection and commits once. PostgreSQL runs a batch in step: the next
statement of each goes out in one round trip, then one COMMIT for all. `metadata.engines.runner` states what
an engine promises.

The rules, which `tests/metadata/strict.py` checks in every test that runs on SQLite:

- Validate first, write after. A transaction that raises before its first write has changed nothing, and the
  others of its batch go on. One that raises later costs the whole batch a rollback and a second run.
- Every write is conditional on what was read (the `data_id`, a reference count). Where it changed no row,
  raise `Retry`: the runner rolls back and runs the transaction again from its start.
- A transaction that finds out that it is long (thousands of rows) yields LONG before its first write, so that
  SQLite can move it off the event loop.
- A transaction may run several times: keep no state outside it, and pass times and random ids in.
- Mark with `@repeatable` what may run again after a commit of unknown outcome.

To test one without a database, drive it: `next(transaction)` gives the first `Call`, `transaction.send(row)`
answers it. `tests/metadata/test_races.py` does so to try the orders in which two gateways can meet.
"""
