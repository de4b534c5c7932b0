"""``reconcile_spark`` on real Spark: in one process, and on a standalone master with two workers."""

from __future__ import annotations

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

import marketing_archive as ma

REQUIRED = os.environ.get("ARCHIVE_REQUIRE_PEERS") == "1"


def _absent() -> str | None:
    """Why there is no Spark here."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return "pyspark is not installed"
    return None if shutil.which("java") else "there is no java: install openjdk-17-jre-headless"


ABSENT = _absent()
if ABSENT is not None:
    if REQUIRED:
        pytest.fail(f"Spark is required here: {ABSENT}", pytrace=False)
    print(f"== SKIPPED reconcile_spark: {ABSENT}", file=sys.stderr)
    pytest.skip(ABSENT, allow_module_level=True)

import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyspark  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402

SCHEMA = """\
name = "spark"
version = "1"
[[field]]
name = "contract_capacity_kva"
label = "capacity"
kind = "capacity-kva"
severity = "major"
critical_above = 0.10
reason = "the basic charge follows the contract capacity"
"""


def tables() -> tuple[pa.Table, pa.Table]:
    """Two tables of 2000 rows with every kind of difference, keys in two writings, and rows without a key."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    numbers = [f"{i * 7368787 % 10**10:010}" for i in range(2000)]
    left_keys = [n.translate(wide) if i % 5 == 0 else n for i, n in enumerate(numbers)]
    left = {
        "account_no": [*left_keys[20:], numbers[100], None, " "],
        "contract_capacity_kva": [f"{i % 90 + 10}kVA" for i in range(20, 2000)] + ["7", "1", "2"],
        "status": ["正常"] * 1983,
    }
    right = {
        "account_no": [*numbers[:-30], numbers[200]],
        "contract_capacity_kva": [str(i % 90 + (11 if i % 97 == 0 else 10)) for i in range(1970)] + ["5"],
        "status": ["销户" if i % 331 == 0 else "正常" for i in range(1971)],
    }
    return pa.table(left), pa.table(right)


def rows(found: Any) -> list[tuple[Any, ...]]:
    """Findings in one order. A row's number in the reason for rows without a key counts in its part."""
    names = ["account_no", "kind", "field", "left_value", "right_value", "severity", "reason"]
    table = found if isinstance(found, list) else pa.table(found).to_pylist()
    all_rows = [tuple(row[name] for name in names) for row in table]
    return sorted((row if row[0] else row[:-1] for row in all_rows), key=str)


def _check(spark: SparkSession, directory: pathlib.Path) -> None:
    left, right = tables()
    schema = directory / "schema.toml"
    schema.write_text(SCHEMA, encoding="utf-8")
    expected = ma.reconcile(left, right, key="account_no", schema=schema)
    assert expected.mismatches > 20 and expected.keyless_left == 2 and expected.duplicates == 2

    def frame(table: pa.Table) -> DataFrame:
        data = pd.DataFrame(table.to_pydict(), dtype=object)
        return spark.createDataFrame(data, "account_no string, contract_capacity_kva string, status string")

    found = ma.reconcile_spark(frame(left), frame(right), schema, buckets=4)
    assert rows([row.asDict() for row in found.collect()]) == rows(expected)
    with pytest.raises(ma.InvalidInput, match="right_df: has no key column"):
        ma.reconcile_spark(frame(left), frame(right).withColumnRenamed("account_no", "number"))


def _session(master: str, tmp: pathlib.Path) -> SparkSession:
    builder = SparkSession.builder.master(master).appName("reconcile_spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",
        "spark.executor.memory": "512m",
        "spark.executor.cores": "1",
        "spark.cores.max": "2",
        "spark.local.dir": str(tmp),
        "spark.log.level": "ERROR",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@pytest.fixture
def interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers run the same Python with the same packages."""
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYSPARK_DRIVER_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")


def test_in_one_process(tmp_path: pathlib.Path, interpreter: None) -> None:
    spark = _session("local[2]", tmp_path)
    try:
        _check(spark, tmp_path)
    finally:
        spark.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def cluster(tmp_path: pathlib.Path, interpreter: None) -> Iterator[str]:
    """A standalone master with two workers of one core each, on loopback."""
    home = pathlib.Path(pyspark.__file__).parent
    launch = [os.fspath(home / "bin" / "spark-class")]
    environment = {**os.environ, "SPARK_HOME": os.fspath(home), "SPARK_DAEMON_MEMORY": "256m"}
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    log = open(tmp_path / "cluster.log", "wb")
    commands = [["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]]
    for number in range(2):
        worker = ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--webui-port", "0"]
        work = ["--work-dir", os.fspath(tmp_path / f"worker-{number}"), "--cores", "1", "--memory", "600m", master]
        commands.append(worker + work)
    processes = []
    try:
        for command in commands:
            processes.append(subprocess.Popen(launch + command, env=environment, stdout=log, stderr=log))
        deadline = time.monotonic() + 120
        while (tmp_path / "cluster.log").read_text(errors="replace").count("Successfully registered with master") < 2:
            if time.monotonic() > deadline:
                pytest.fail((tmp_path / "cluster.log").read_text(errors="replace")[-3000:])
            time.sleep(0.5)
        yield master
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=60)
        log.close()


def test_on_a_standalone_master_with_two_workers(tmp_path: pathlib.Path, cluster: str) -> None:
    spark = _session(cluster, tmp_path)
    try:
        _check(spark, tmp_path)
    finally:
        spark.stop()
