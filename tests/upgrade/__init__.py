"""What the first landed version stored, opened by this one."""
