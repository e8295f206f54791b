"""Static files under URLs that carry a hash of their content: cached for good, never stale."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, as it was when the program started."""

    name: str
    digest: str
    media_type: str
    content: bytes

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"/static/{self.digest}/{self.name}"


class Assets:
    """All static files of a folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._by_name = {
            asset.name: asset
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
            for asset in [_read(folder, path)]
        }

    def __getitem__(self, name: str) -> Asset:
        """The file of that name. Raises KeyError when there is none."""
        return self._by_name[name]

    def url(self, name: str) -> str:
        """Its URL, for templates. Raises KeyError when there is no such file."""
        return self[name].url

    def get(self, digest: str, name: str) -> Asset | None:
        """The file, if it still has that hash."""
        asset = self._by_name.get(name)
        return asset if asset and asset.digest == digest else None


def _read(folder: Path, path: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(path.relative_to(folder).as_posix(), digest, media_type, content)
