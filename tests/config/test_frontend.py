"""The bundles that browsers get are what their sources say, and name no machine."""

import json
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

FRONTEND = Path(settings.BASE_DIR) / "frontend"


@pytest.mark.npm
@pytest.mark.slow
def test_what_is_committed_is_what_is_built():
    done = subprocess.run(
        [FRONTEND / "compare"], capture_output=True, text=True, timeout=300, check=False
    )  # its own folder, its own packages
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_registry():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    assert lock["packages"]
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)


def test_the_studio_s_bundle_asks_nobody_else():
    bundle = Path(finders.find("waymark/built/studio.js")).read_text()
    assert "import(" not in bundle
    assert "sourceMappingURL" not in bundle
