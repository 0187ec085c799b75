"""The demo: real purchases by made-up people, and two journeys that act on them. Nothing imports it but commands."""
