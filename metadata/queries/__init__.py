"""The SQL statements, by subject. `statements` says how one is declared and compiled."""
