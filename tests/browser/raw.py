"""A visitor without a browser: the messages that a browser would send, on this machine alone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

__all__ = ["RawVisitor"]

LARGE = 50_000
"""Bytes above which a message holds a map."""


class RawVisitor:
    """One session over a websocket of the Bokeh protocol.

    Parameters
    ----------
    url : str
        Of the server.
    slider : str
        Label of the slider that is moved; "" looks on.
    page : str
        Which page.

    Attributes
    ----------
    opened : float
        Seconds from the request of the page to its document.
    """

    def __init__(self, url: str, slider: str, page: str = "carbon"):
        self.url, self.slider, self.page = url, slider, page
        self.opened = 0.0
        self.closed = ""
        self._document: dict | None = None
        self._maps: asyncio.Queue[float] = asyncio.Queue()

    async def open(self, query: str = "grid=36km") -> RawVisitor:
        """Ask for the page and its document, say that it is drawn, and wait for the first map."""
        before = time.perf_counter()
        page = f"{self.url}/{self.page}"
        answer = await AsyncHTTPClient().fetch(HTTPRequest(f"{page}?{query}", request_timeout=120))
        token = re.search(r'"token":"([^"]+)"', answer.body.decode())[1]
        self._socket = await websocket_connect(
            HTTPRequest(f"{page.replace('http', 'ws', 1)}/ws", headers={"Origin": self.url}, request_timeout=120),
            subprotocols=["bokeh", token],
            compression_options={},
            max_message_size=200 * 1024**2,
        )
        self._reader = asyncio.create_task(self._read())
        while self._document is None:
            if self.closed:
                raise ConnectionError(self.closed)
            await asyncio.sleep(0.02)
        self.opened = time.perf_counter() - before
        self._slider = self._find() if self.slider else ""
        ready = {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}
        await self._patch([{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": ready}])
        if self.slider:
            await asyncio.wait_for(self._maps.get(), 120)
        return self

    def _find(self) -> str:
        """The id of the slider's data in the document."""
        found: list[str] = []

        def walk(value: object) -> None:
            if isinstance(value, dict):
                attributes = value.get("attributes")
                if isinstance(attributes, dict) and "value_throttled" in attributes:
                    label = str(attributes.get("label", "")).lstrip("● ")
                    found.extend([value["id"]] * label.startswith(self.slider))
                for inner in value.values():
                    walk(inner)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner)

        walk(self._document)
        self._document = {}  # it is large, and there are many visitors
        if not found:
            msg = f"No slider {self.slider!r} is on the page."
            raise LookupError(msg)
        return found[0]

    async def _read(self) -> None:
        """Take messages: a header, metadata, content, and buffers."""
        parts, wanted = [], 3
        while (part := await self._socket.read_message()) is not None:
            parts.append(part)
            if len(parts) == 1:
                wanted = 3 + 2 * json.loads(part).get("num_buffers", 0)
            if len(parts) < wanted:
                continue
            kind = json.loads(parts[0])["msgtype"]
            if kind == "ACK":
                await self._send("PULL-DOC-REQ", {})
            elif kind == "PULL-DOC-REPLY":
                self._document = json.loads(parts[2])
            elif kind == "PATCH-DOC" and sum(map(len, parts)) > LARGE:
                self._maps.put_nowait(time.perf_counter())
            parts = []
        self.closed = f"closed by the server: {self._socket.close_code} {self._socket.close_reason}"

    async def _send(self, kind: str, content: dict) -> None:
        for part in ({"msgid": os.urandom(8).hex(), "msgtype": kind}, {}, content):
            await self._socket.write_message(json.dumps(part))

    async def _patch(self, events: list[dict]) -> None:
        await self._send("PATCH-DOC", {"events": events})

    async def move(self, value: float, patience: float = 60.0) -> float:
        """Move the slider; returns the seconds until the new map has come, or ``patience`` if none does."""
        while not self._maps.empty():
            self._maps.get_nowait()
        before = time.perf_counter()
        target = {"id": self._slider}
        change = {"kind": "ModelChanged", "model": target, "new": value}
        await self._patch([{**change, "attr": name} for name in ("value", "value_throttled")])
        try:
            return await asyncio.wait_for(self._maps.get(), patience) - before
        except TimeoutError:
            return patience

    def close(self) -> None:
        """Close the tab."""
        self._reader.cancel()
        self._socket.close()
