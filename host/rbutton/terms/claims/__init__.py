"""What sites say of themselves in formats of others: read within bounds, shown, never relied on.

Each module reads one format from a stranger's bytes; anything else is an `InvalidDocument`.
"""
