"""The embedded world: real land and climate, synthetic weather."""
