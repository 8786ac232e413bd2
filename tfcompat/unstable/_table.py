"""Every name of `tfcompat.unstable`."""

from __future__ import annotations

from tfcompat.unstable import _modules, _protos

TABLE = {**_protos.TABLE, **_modules.TABLE}
