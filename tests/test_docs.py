"""What the documents say is so: commands exist, links lead somewhere, settings are those of the code."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "demo" / "README.md"])
TARGETS = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.M))
COMMAND = re.compile(r"manage\.py ([a-z_]+)((?: [^`\n|#]*)?)")
# The suite itself is started by make, and a make within a make says so.
OUTSIDE_MAKE = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
HEADING = re.compile(r"^#+ (.+)$", re.M)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


documents = pytest.mark.parametrize("document", DOCUMENTS, ids=named)


@documents
def test_links_lead_somewhere(document):
    text = document.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        if "images" in found.parts:  # pictures are made of the running product, at the end
            continue
        assert found.exists(), f"{named(document)}: {target}"
        if anchor:
            assert anchor in {slug(title) for title in HEADING.findall(found.read_text())}, (
                f"{named(document)}: {target}"
            )


def slug(title: str) -> str:
    """A heading's anchor, as it is shown in the browser."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@documents
def test_commands_exist(document):
    text = document.read_text()
    used = {name for name, _ in COMMAND.findall(text)}
    assert used <= get_commands().keys(), named(document)
    assert set(re.findall(r"(?:^\$ |`)make ([a-z0-9]+)", text, re.M)) <= TARGETS, named(document)


@documents
def test_options_exist(document):
    for name, rest in COMMAND.findall(document.read_text()):
        app = get_commands()[name]
        command = app if not isinstance(app, str) else load_command_class(app, name)
        shown = help_of(command, name)
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in shown, f"{named(document)}: manage.py {name} {option}"


def help_of(command, name: str) -> str:
    """The command's help with that of its subcommands."""
    parser = command.create_parser("manage.py", name)
    subcommands = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    return parser.format_help() + "".join(sub.format_help() for choices in subcommands for sub in choices.values())


def test_settings_are_those_of_the_code():
    code = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r"""(?:env\.[a-z_]+|kept_secret|choice)\(\s*"([A-Z_]+)\"""", code))
    lines = (ROOT / "docs" / "settings.md").read_text().splitlines()
    told = [match[1] for line in lines if (match := re.match(r"\| `([A-Z_]+)` \|", line))]
    assert set(told) == read
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("DELIVERY", "maybe", "use one of: sandbox, live"),
        ("ENVIRONMENT", "laptop", "use one of: development, staging, production"),
        ("BASE_URL", "shop.example", "must start with http"),
        ("BROKER_URL", "amqp://host", "must be a redis:// address"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/shop", "runs on PostgreSQL and SQLite"),
        ("WORKERS", "1", "at least 2"),
    ],
)
def test_an_odd_setting_stops_the_start_with_a_sentence(tmp_path, variable, value, words):
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env={"PATH": "/usr/bin:/bin", "VAR_DIR": str(tmp_path), variable: value},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert words in done.stderr.splitlines()[-1]


def test_the_readme_is_short_and_starts_with_the_two_commands():
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 150
    assert re.findall(r"^\$ (make \w+)", readme, re.M)[:2] == ["make demo", "make test"]


def test_make_alone_lists_every_target():
    shown = subprocess.run(["make"], env=OUTSIDE_MAKE, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == TARGETS
    assert "18 months of real purchases" in shown


@pytest.mark.parametrize("python", ["", "/nowhere/python3"])
def test_make_says_which_python_it_needs(python, tmp_path):
    """In a folder without an environment, so that nothing is made."""
    (tmp_path / "requirements").mkdir()
    for name in ("base", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text("")
    done = subprocess.run(
        ["make", "-f", ROOT / "Makefile", "demo", f"PYTHON={python}"],
        env=OUTSIDE_MAKE, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Waymark needs Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_document_names_a_machine_or_a_registry():
    for document in [*DOCUMENTS, *(ROOT / "requirements").glob("*.txt"), ROOT / "Makefile", ROOT / ".ci" / "run"]:
        text = document.read_text()
        assert not re.search(r"index-url|find-links|/root/|/home/|/tmp/[a-z]", text), named(document)
