"""Papers: their experiments as values, and their printed numbers to lay beside a run's own."""

from models.studies import heyvaert2024, jones2017

__all__ = ["STUDIES"]

STUDIES = (jones2017, heyvaert2024)
"""One paper a file; this order is the order on screen."""
