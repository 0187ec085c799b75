"""Settings of the worker that the tests start: the product's own apps and pumps, and one pump more."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.config.jobs"]  # noqa: F405
