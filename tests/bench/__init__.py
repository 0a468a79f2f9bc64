"""What the button costs: `python3 tests --bench`. Ratios in one run, never times alone."""
