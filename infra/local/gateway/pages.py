"""The web page's files, as they are on disk now."""

from pathlib import Path

from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

# Written down because what the machine's own table says differs from machine to machine.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """An ASGI app for HTTP requests only: files of one folder, `/` being its index.html."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope["method"], scope["path"])(scope, receive, send)

    def _answer(self, method: str, path: str) -> Response:
        if method not in ("GET", "HEAD"):
            return JSONResponse({"message": "Method Not Allowed"}, 405, {"Allow": "GET, HEAD"})
        file = self._file(path)
        if file is None:
            return JSONResponse({"message": "Not Found"}, 404)
        return FileResponse(file, headers=HEADERS, media_type=_TYPES[file.suffix])

    def _file(self, path: str) -> Path | None:
        """The file `path` names, if it is inside the folder, of a known type and not hidden."""
        name = path.lstrip("/") or "index.html"
        if "\\" in name or "\0" in name or any(part.startswith(".") for part in name.split("/")):
            return None
        file = (self._folder / name).resolve()
        if not file.is_relative_to(self._folder) or file.suffix not in _TYPES:
            return None
        return file if file.is_file() else None
