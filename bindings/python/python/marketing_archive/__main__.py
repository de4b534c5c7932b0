"""``python -m marketing_archive setup``: fetch the inference engine and the models."""

import sys

from . import ArchiveError, setup


def main() -> int:
    if sys.argv[1:] != ["setup"]:
        print("usage: python -m marketing_archive setup", file=sys.stderr)
        return 2
    try:
        print(f"engine and models are in {setup()}")
    except ArchiveError as error:
        print(f"marketing_archive: {error}", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
