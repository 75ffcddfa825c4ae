"""Datasets, one product a file; each exports an ``ENTRY``."""
