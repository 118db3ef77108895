"""Settings read from files: CHUNKD_TOKEN_FILE=/run/secrets/token instead of CHUNKD_TOKEN.

Every variable may be given as a file by appending _FILE, so that no secret need be in the environment:
container engines and service managers provide secrets so. A line break at the end of the file is ignored. It
is an error to set both variables, or to name an unreadable file: a service must not start without its secret.
"""

from __future__ import annotations

import os
from pathlib import Path

SUFFIX = "_FILE"


class SettingFileError(ValueError):
    """The file of a setting cannot be used. The message never contains the file's text."""


def read_setting_file(variable: str) -> str | None:
    """The text of the file that the _FILE variable of `variable` names; None where it is not set.

    Raises SettingFileError.
    """
    path = os.environ.get(variable + SUFFIX)
    if not path:
        return None
    if os.environ.get(variable):
        raise SettingFileError(f"{variable} and {variable}{SUFFIX} are both set; set one of them")
    try:
        return Path(path).read_text().rstrip("\r\n")
    except OSError as why:
        raise SettingFileError(f"{variable}{SUFFIX}: {path}: {why.strerror}") from None
    except UnicodeDecodeError:
        raise SettingFileError(f"{variable}{SUFFIX}: {path} is not UTF-8 text") from None
