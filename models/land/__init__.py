"""Land surface: water, energy, snow and living vegetation in every column."""
