"""`python -m chunkd`: serve a node over HTTP, configured by CHUNKD_* variables (`chunkd.settings`)."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from chunkd.file_settings import SettingFileError
from chunkd.server import serve
from chunkd.settings import Settings


def main() -> None:
    try:
        settings = Settings()
    except ValidationError as error:
        sys.exit(
            "\n".join(f"chunkd: {what['msg']} {'.'.join(map(str, what['loc']))}" for what in error.errors())
        )
    except SettingFileError as error:
        sys.exit(f"chunkd: {error}")
    serve(settings)


if __name__ == "__main__":
    main()
