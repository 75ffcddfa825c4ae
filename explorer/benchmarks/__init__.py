"""The room of the page Benchmarks: what a run is held against, the numbers of the comparison, files to take away."""
