"""Settings of the tests: the product's own, with a fast password hasher and keys of their own."""

import os
import tempfile

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="waymark-tests-"))
os.environ.setdefault("SECRET_KEY", "tests")
os.environ.setdefault("FIELD_KEY", "tests")

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
