"""Two Spark data frames compared by key: Spark shuffles, the wheel's kernel compares.

Keys are brought into buckets by their canonical writing (``mapInArrow``), and the buckets of both sides are
compared together (``cogroup(...).applyInArrow``): one call of the kernel a bucket, none a row or a key.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import _given, _native
from .tables import reconcile

if TYPE_CHECKING:  # Neither is needed to import the module.
    import pyarrow as pa
    from pyspark.sql import DataFrame

_BUCKET = "__bucket"


def reconcile_spark(
    left_df: DataFrame,
    right_df: DataFrame,
    schema: str | os.PathLike[str] | None = None,
    *,
    key: str | Iterable[str] = "account_no",
    ignore: Iterable[str] = (),
    buckets: int | None = None,
) -> DataFrame:
    """Compare two Spark data frames and give every difference, as ``reconcile`` does.

    Args:
        left_df: what the archive's papers say.
        right_df: what the marketing system says.
        schema: the TOML file that says how fields are compared, read here and sent to the workers; the shipped
            one by default.
        key: the column or columns that name a row.
        ignore: columns that are not compared.
        buckets: parts into which the keys are divided; twice Spark's shuffle partitions by default. A bucket of
            both sides must fit a worker's memory.

    Returns:
        a data frame of the key columns, ``kind``, ``field``, ``left_value``, ``right_value``, ``severity`` and
        ``reason``, in no order. In the reason for rows without a key, a row's number counts within its bucket.

    Raises:
        InvalidInput: where a key column is missing. What is wrong with other columns is found by the workers,
            whose error names table and column.
    """
    keys = [key] if isinstance(key, str) else _given.texts("key", key)
    ignored = _given.texts("ignore", ignore)
    text = None if schema is None else pathlib.Path(schema).read_text(encoding="utf-8")
    for side, frame in (("left_df", left_df), ("right_df", right_df)):
        missing = [name for name in keys if name not in frame.columns]
        if missing:
            raise _native.InvalidInput(f"{side}: has no key column {missing[0]}; it has {', '.join(frame.columns)}")
    if buckets is None:
        buckets = 2 * int(left_df.sparkSession.conf.get("spark.sql.shuffle.partitions") or 200)
    if buckets < 1:
        raise _native.InvalidInput(f"buckets {buckets}: must be at least 1")

    def compare(left: pa.Table, right: pa.Table) -> pa.Table:
        import pyarrow

        sides = left.drop_columns([_BUCKET]), right.drop_columns([_BUCKET])
        with tempfile.TemporaryDirectory() as scratch:
            path = None
            if text is not None:
                path = pathlib.Path(scratch, "schema.toml")
                path.write_text(text, encoding="utf-8")
            return pyarrow.table(reconcile(*sides, key=keys, schema=path, ignore=ignored))

    columns = [*keys, "kind", "field", "left_value", "right_value", "severity", "reason"]
    findings = ", ".join(f"`{name}` string" for name in columns)
    parts = [_in_buckets(frame, keys, buckets).groupBy(_BUCKET) for frame in (left_df, right_df)]
    return parts[0].cogroup(parts[1]).applyInArrow(compare, findings)


def _in_buckets(frame: DataFrame, keys: list[str], buckets: int) -> DataFrame:
    """The rows of ``frame`` with the bucket of their key; a full-width digit is in the bucket of the plain one."""
    from pyspark.sql.types import IntegerType, StructType

    def add(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow

        for batch in batches:
            numbers: list[Any] = _native.key_buckets(pyarrow.table(batch.select(keys)), buckets)
            column = pyarrow.array(numbers, pyarrow.int32())
            yield pyarrow.record_batch([*batch.columns, column], names=[*batch.schema.names, _BUCKET])

    schema = StructType([*frame.schema.fields]).add(_BUCKET, IntegerType())
    return frame.mapInArrow(add, schema)
