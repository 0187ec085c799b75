"""A pump of its own for the worker's tests: jobs that take a while."""
