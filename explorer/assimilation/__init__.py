"""Runs of the assimilation lab for its page: sessions, addresses, numbers, skill and carbon; no widgets."""
