"""The web app manifest, with which a phone or a computer keeps the start page like an app
(docs/screens.md, "As an app")."""

from __future__ import annotations

import msgspec

from nexus.http.pages.assets import Assets

MANIFEST_PATH = "/manifest.webmanifest"
MANIFEST_TYPE = "application/manifest+json"
PAPER, ACCENT = "#f4f4f9", "#4338ca"
"""The colours around the page while it loads, as in tokens.css."""
APPLE_ICON = "screens/icons/apple.png"
LARGE_ICON = "screens/icons/512.png"


class ManifestIcon(msgspec.Struct, frozen=True):
    """A picture for the home screen; a `maskable` one fills its square, and the device cuts its corners."""

    src: str
    sizes: str
    purpose: str = "any"
    type: str = "image/png"


class Manifest(msgspec.Struct, frozen=True):
    """What a browser is told (W3C, Web Application Manifest). All addresses are relative to that of the manifest, so it
    works below any path."""

    name: str
    short_name: str
    icons: tuple[ManifestIcon, ...]
    id: str = "./"
    start_url: str = "./"
    scope: str = "./"
    display: str = "standalone"
    background_color: str = PAPER
    theme_color: str = ACCENT


def manifest(name: str, accent: str, assets: Assets) -> bytes:
    """The manifest of a service that goes by `name`, in its colour."""
    icons = (
        ManifestIcon(assets.address("screens/icons/192.png"), "192x192"),
        ManifestIcon(assets.address(LARGE_ICON), "512x512"),
        ManifestIcon(assets.address("screens/icons/maskable.png"), "512x512", "maskable"),
        ManifestIcon(assets.address("screens/icon.svg"), "any", type="image/svg+xml"),
    )
    return msgspec.json.encode(Manifest(name, name, icons, theme_color=accent))
