"""The tables, their migrations, and a read-only probe of a database."""
