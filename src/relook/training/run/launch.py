"""One run on several processes of this computer, each with its own device and share of a batch."""

from __future__ import annotations

import multiprocessing
import os
import socket
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from relook.core.errors import RelookError, UsageError
from relook.training.config import Config
from relook.training.run.loop import train
from relook.training.run.sharing import check_shares
from relook.training.run.summary import Summary
from relook.training.run.watching import Watcher
from relook.training.steps.distributed import shared_group
from relook.training.steps.stepping import choose_device

__all__ = ["launch"]


def launch(
    config: Config, into: Path, *, data: Path | None = None, watcher: Watcher | None = None
) -> Summary:
    """Train as :func:`relook.training.run.loop.train`, on ``train.processes`` processes.

    This process is the first of them and the only one that writes.

    Raises:
        UsageError, RelookError, KeyboardInterrupt: as there.
    """
    world = config.train.processes
    if world == 1:
        return train(config, into, data=data, watcher=watcher)
    check_shares(config)
    device = choose_device(config.train.device)
    if device == "cuda" and torch.cuda.device_count() < world:
        raise UsageError(
            f"{world} processes need as many GPUs, there are {torch.cuda.device_count()}; set "
            "train.processes"
        )
    watcher = watcher or Watcher()
    context = multiprocessing.get_context("spawn")
    port, said, ready = _free_port(), context.SimpleQueue(), context.Semaphore(0)
    shared = (world, port, device, config, into, data, said, ready)
    others: list[Any] = [
        context.Process(target=_other, args=(rank, *shared)) for rank in range(1, world)
    ]
    patience = 0  # where this one stops, the others have nothing left to do
    try:
        with watcher.at_once():
            for process in others:
                process.start()
            _await(others, ready)
        with _group(0, world, port, device):
            summary = train(config, into, data=data, watcher=watcher)
    except RuntimeError as error:
        _raise_why(others, said, error)
        raise
    else:
        patience = 30
        return summary
    finally:
        for process in others:
            if process.pid is not None:
                process.join(timeout=patience)
                process.kill()
                process.join()


def _await(others: list[Any], ready: Any) -> None:
    """Until all others can meet; torch's own wait would hear neither Ctrl-C nor of a death."""
    for _ in others:
        while not ready.acquire(timeout=0.2):
            _refuse_dead(others)


def _raise_why(others: list[Any], said: Any, error: RuntimeError) -> None:
    """Raise what another process says went wrong there, or that it died; else nothing."""
    for process in others:
        process.join(timeout=1)
    if not said.empty():
        kind, words = said.get()
        raise kind(words) from error
    _refuse_dead(others, error)


def _refuse_dead(others: list[Any], error: RuntimeError | None = None) -> None:
    if codes := [process.exitcode for process in others if process.exitcode]:
        raise UsageError(
            f"a process that shares the batches died (exit code {codes[0]}); run the command again "
            "to go on, with fewer train.processes if memory was short"
        ) from error


def _other(
    rank: int,
    world: int,
    port: int,
    device: str,
    config: Config,
    into: Path,
    data: Path | None,
    said: Any,
    ready: Any,
) -> None:
    """Train along; the first process says what went wrong here."""
    import signal  # noqa: PLC0415 - in this process alone

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process says when to stop
    threads = config.train.threads or max(1, (os.cpu_count() or 1) // world)
    mine = replace(config, train=replace(config.train, threads=threads))
    ready.release()
    try:
        with _group(rank, world, port, device):
            train(mine, into, data=data)
    except KeyboardInterrupt:
        return
    except RelookError as error:
        said.put((type(error), str(error)))
    except Exception:  # noqa: BLE001 - the first process raises it, unless that one went first
        said.put((RuntimeError, traceback.format_exc()))


def _group(rank: int, world: int, port: int, device: str) -> Any:
    backend = "gloo"
    if device == "cuda":
        torch.cuda.set_device(rank)
        backend = "nccl"
    return shared_group(rank=rank, world=world, port=port, backend=backend)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
