"""The sensitivity of L4C as a room: what is asked, computed, kept and saved, without widgets."""
