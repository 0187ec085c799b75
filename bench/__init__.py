"""The bench: N people through a governed journey, on real processes, and what each of them cost.

It knows the product only from outside: its commands, its ingest endpoint, and what arrives at a sink of its own.
"""
