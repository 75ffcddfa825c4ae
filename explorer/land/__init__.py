"""Runs of the land surface model for its page: places, regions, soils and towers; no widgets."""
