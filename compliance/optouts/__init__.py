"""Opt-outs: understanding what people write (`words`, `intent`: pure), acting on it at once, and the clocks that run."""
