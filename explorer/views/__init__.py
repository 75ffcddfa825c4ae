"""Views: from data to a plot. They hold no session state and no science; pages put them together."""
