"""What the page Data finds, keeps and hands on: files, series, links and exports; no widgets."""
