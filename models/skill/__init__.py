"""How well a run agrees with what was measured."""
