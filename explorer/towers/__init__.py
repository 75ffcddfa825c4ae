"""The page Towers without its widgets: which sites there are, their runs, scores, comparisons and files."""
