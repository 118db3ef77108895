"""Transactions: plain generators that yield calls of statements and return a result; no I/O, one source for
both engines.

The rule that makes a batch safe: validate first, write after. A transaction that raises before its first
write has changed nothing, and the others of its batch go on. A write that does not find what was read raises
`Again`, and the transaction is run anew.
"""
