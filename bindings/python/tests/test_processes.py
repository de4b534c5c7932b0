"""Whole processes: their exit, forks, other users of the engine, and the type stubs."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

CONTRACT = pathlib.Path(__file__).parents[3] / "samples" / "contract.jpg"


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), os.fspath(CONTRACT), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def check(program: str, expected: str) -> None:
    ended = run(program)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == expected.split(), ended.stderr


def test_a_process_that_read_a_page_ends_cleanly() -> None:
    check(
        """
        import sys, marketing_archive as ma
        reader = ma.Reader()
        print(reader.read(sys.argv[1]).fields["account_no"].value)
        """,
        "3342125369",
    )


@pytest.mark.parametrize("first", ["onnxruntime", "marketing_archive"])
def test_onnxruntime_runs_in_the_same_process(first: str) -> None:
    if importlib.util.find_spec("onnxruntime") is None:
        if os.environ.get("ARCHIVE_REQUIRE_PEERS"):
            pytest.fail("onnxruntime is missing, and CI requires it")
        pytest.skip("SKIPPED: onnxruntime is not installed")
    check(
        f"""
        import sys
        import {first}
        import onnxruntime, marketing_archive as ma
        from pathlib import Path
        directory = Path(ma.setup())
        model = next(directory.rglob("*cls*.onnx"))
        mine = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        reader = ma.Reader()
        value = reader.read(sys.argv[1]).fields["account_no"].value
        import numpy as np
        shape = [d if isinstance(d, int) else n for d, n in zip(mine.get_inputs()[0].shape, (1, 3, 48, 192))]
        out = mine.run(None, {{mine.get_inputs()[0].name: np.zeros(shape, np.float32)}})
        print(value, out[0].shape[0])
        """,
        "3342125369 1",
    )


def test_a_fork_does_not_hang() -> None:
    check(
        """
        import os, sys, tempfile, marketing_archive as ma
        rule = ma.Rule.shipped("居民身份证号码")
        reader = ma.Reader()
        reader.read(sys.argv[1])
        child = os.fork()
        if child == 0:
            # Rules work in a child; a reader of the parent's is not the child's to use.
            os._exit(0 if rule.canonical(rule.example) == rule.example else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
        "0",
    )


def test_a_subinterpreter_is_refused_and_does_not_hang() -> None:
    ended = run(
        """
        import _xxsubinterpreters as sub
        one = sub.create()
        try:
            sub.run_string(one, "import marketing_archive")
            print("taken")
        except sub.RunFailedError as error:
            print("refused" if "ImportError" in str(error) else error)
        sub.destroy(one)
        """
    )
    if "No module named" in ended.stderr:
        pytest.skip("SKIPPED: this Python has no subinterpreters to try")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() in ("refused", "taken")


def test_no_models_and_no_network_is_said(tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "HOME": os.fspath(tmp_path), "XDG_CACHE_HOME": os.fspath(tmp_path)}
    environment.pop("ARCHIVE_MODELS", None)
    ended = subprocess.run(
        [sys.executable, "-c", "import marketing_archive as ma; ma.Reader()"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 1 and "Unavailable" in ended.stderr and "setup" in ended.stderr
    # An index that nobody serves: what pip says is passed on.
    environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
    environment["PIP_RETRIES"] = "0"
    ended = subprocess.run(
        [sys.executable, "-m", "marketing_archive", "setup"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 4, ended.stderr
    assert "marketing_archive:" in ended.stderr


def test_the_command_says_how_it_is_used() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "marketing_archive", "nonsense"], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2 and "usage" in ended.stderr


def test_stubs_are_those_of_the_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "marketing_archive._native"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
