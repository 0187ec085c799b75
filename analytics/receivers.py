"""Facts from below, counted."""
