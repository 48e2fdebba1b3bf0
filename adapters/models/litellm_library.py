"""litellm, imported late and made quiet.

The import takes two seconds and a hundred megabytes, so only workers do it, before they fork. Left to itself it
fetches a price list over the network, reads a `.env` file of the working folder into the environment, and writes to
the terminal; the settings here are made before the import, because it acts on them while it is imported.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",  # the default mode loads `.env`
    "LITELLM_LOG": "ERROR",
}
_FIRST_CALL = (
    "anyio._backends._asyncio",
    "h2.connection",
    "httpcore",
    "litellm._service_logger",
    "litellm.integrations.prometheus_services",
    "litellm.llms.openai.openai",
    "litellm.proxy._types",
    "openai.resources.chat",
    "openai.resources.chat.completions",
)
"""What the first call would import: two seconds that every forked job would pay anew."""
_CALLBACKS = ("callbacks", "input_callback", "success_callback", "failure_callback", "service_callback")

_last_loop: "weakref.ref[asyncio.AbstractEventLoop] | None" = None
_importing = ThreadPoolExecutor(1, thread_name_prefix="litellm")
"""Starts its thread with the first use: a worker that imported before it forked never has one."""


@cache
def preload() -> Any:
    """The litellm module, configured. It is imported and never called: the first call starts a thread, and a process
    with threads must not fork."""
    os.environ.update(_ENVIRONMENT)
    with warnings.catch_warnings():
        # Its dependencies deprecate each other while they are imported, and pydantic warns of its types, which are
        # built when they are first used: here.
        warnings.simplefilter("ignore")
        import litellm

        litellm.ModelResponse()
        for name in _FIRST_CALL:
            with contextlib.suppress(ImportError):  # where a release of theirs has moved it, the first call is slower
                importlib.import_module(name)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    # Dropping what a model does not support would drop the tools, and turns a 422 into no reply at all.
    litellm.drop_params = False
    litellm.num_retries = 0
    # The sessions of its other transport outlive the event loop that they belong to.
    litellm.disable_aiohttp_transport = True
    for name in _CALLBACKS:
        setattr(litellm, name, [])
    for name in ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm


async def for_this_loop() -> Any:
    """The litellm module, without clients of another event loop.

    It keeps clients by the loop's address in memory, which a later loop can be given again. Where it was not imported
    ahead, the loop goes on meanwhile: somebody on it may hold the database's only writer, and all others wait for that.
    """
    global _last_loop
    loop = asyncio.get_running_loop()
    is_there = preload.cache_info().currsize > 0
    litellm = preload() if is_there else await loop.run_in_executor(_importing, preload)
    if _last_loop is None or _last_loop() is not loop:
        litellm.in_memory_llm_clients_cache.flush_cache()
        _last_loop = weakref.ref(loop)
    return litellm
