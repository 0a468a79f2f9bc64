"""What the button costs: `python3 tests --bench`. Ratios of pairs in one run, never times alone."""
