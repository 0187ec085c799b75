from tests.settings import *  # noqa: F403

INSTALLED_APPS = [a for a in INSTALLED_APPS if a not in ("channels", "compliance", "journeys", "analytics","contacts")] + ["tests.config.jobs"]  # noqa: F405
import sys; sys.path.insert(0, "/tmp/w"); ROOT_URLCONF = "emptyurls"; SILENCED_SYSTEM_CHECKS=["admin.E403"]
