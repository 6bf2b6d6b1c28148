"""The ASGI application."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "channels_server.settings")
http = get_asgi_application()

from channels_server.consumers import PollConsumer  # noqa: E402 - models can be imported only now

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("", PollConsumer.as_asgi())])})
