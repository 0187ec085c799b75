"""The demo's processes: started together, stopped together, nobody left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from demo import processes
from tests.patience import PATIENCE

ROOT = Path(processes.__file__).parent.parent
pytestmark = pytest.mark.slow

SERVER = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""


def conductor(port: int, **commands: str) -> subprocess.Popen:
    """A process that runs these commands as the demo does, and says READY."""
    script = textwrap.dedent(f"""
        from demo import processes
        processes.STOP_SECONDS = 2
        commands = {{name: processes.python("-c", code) for name, code in {commands!r}.items()}}
        try:
            processes.run(commands, {{}}, {port}, ready=lambda: print("READY", flush=True))
        except processes.Died as error:
            print("DIED:", error, flush=True)
            raise SystemExit(1)
        print("STOPPED", flush=True)
    """)
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def family(process: subprocess.Popen, members: int) -> list[psutil.Process]:
    """All descendants, once there are so many: a child that forks may not have done so yet."""
    until = time.monotonic() + PATIENCE
    while len(found := psutil.Process(process.pid).children(recursive=True)) < members and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_ends_well(number):
    port = processes.free_port(0)
    process = conductor(port, web=SERVER.format(port=port), stubborn=STUBBORN)
    assert process.stdout.readline() == "READY\n"
    children = family(process, 3)
    assert len(children) == 3
    os.kill(process.pid, number)
    assert process.wait(timeout=PATIENCE) == 0
    assert process.stdout.read() == "STOPPED\n"
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_when_one_dies_the_others_are_stopped_and_it_is_named():
    port = processes.free_port(0)
    process = conductor(port, web=SERVER.format(port=port), worker="import time; time.sleep(1.5)")
    assert process.stdout.readline() == "READY\n"
    children = family(process, 1)
    assert process.wait(timeout=PATIENCE) == 1
    assert process.stdout.read() == "DIED: worker ended by itself; its last words are above.\n"
    time.sleep(0.1)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_taken_port_is_replaced_by_a_free_one():
    port = processes.free_port(0)
    with subprocess.Popen([sys.executable, "-c", SERVER.format(port=port)]) as server:
        deadline = time.monotonic() + PATIENCE
        while processes.free_port(port) == port and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes.free_port(port) not in (0, port)
        server.kill()
