"""Checkpoints of a training: whole whenever the machine stops, and refused by another training."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ELSE = {  # what a digest that differs means
    "train_ids": "is another text",
    "valid_ids": "is another text",
    "train_examples": "are others, or encoded otherwise",
    "valid_examples": "are others, or encoded otherwise",
}


def save(path: Path, content: dict) -> None:
    """Write a checkpoint: to a new file, which then takes the name at once.

    Whenever the machine stops, `path` is whole, old or new. The one before is `previous`.
    """
    new, old = path.with_name(path.name + ".new"), path.with_name(path.name + ".old")
    with open(new, "wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():  # give the old file a second name: the first never stands for nothing
        old.unlink(missing_ok=True)
        try:
            os.link(path, old)
        except OSError:  # a disk that knows no second names
            shutil.copyfile(path, old)
        os.replace(old, previous(path))
    os.replace(new, path)


def load(path: Path, settings: dict, names: Iterable[str]) -> dict:
    """Read a checkpoint, and make sure that every byte is what was written.

    Parameters
    ----------
    path : Path
        The file.
    settings : dict
        Of the training that wants to go on; those in the file must be the same.
    names : iterable of str
        What the file must hold besides.

    Returns
    -------
    dict
        What was saved, on the CPU.

    Raises
    ------
    ValueError
        If the file is damaged, no checkpoint, or of a training with other settings.
    """
    try:
        with zipfile.ZipFile(path) as file:  # torch.load passes over the check sums
            if damaged := file.testzip():
                raise ValueError(f"the check sum of {damaged} is wrong")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # zipfile and torch raise a dozen kinds
        cure = f"delete {path} to begin anew"
        if previous(path).exists():
            cure = f"rename {previous(path)} to {path} to go on from the one before, or {cure}"
        raise ValueError(f"the checkpoint {path} is damaged; {cure}") from error
    if not isinstance(content, dict) or not {"settings", *names} <= content.keys():
        raise ValueError(f"{path} is no checkpoint of this version of fit; name another file")
    if differences := list(_differences(content["settings"], settings)):
        raise ValueError(
            f"the checkpoint {path} is of another run: {'; '.join(differences)}. "
            "Go on with its settings, or name another file"
        )
    return content


def previous(path: Path) -> Path:
    """Return the name of the checkpoint before the one at `path`."""
    return path.with_name(path.name + ".previous")


def _differences(was: dict, now: dict) -> Iterator[str]:
    """Say what differs between the settings of two runs, one sentence each."""
    for name, value in now.items():
        before = was.get(name)
        if before == value:
            continue
        if name == "model":
            lines = itertools.zip_longest(before, value, fillvalue="nothing")
            old, new = next((a, b) for a, b in lines if a != b)
            yield f"its model has {old} where this one has {new}"
        elif name in ELSE:
            yield f"{name} {ELSE[name]}"
        else:
            yield f"{name} was {before!r} and is {value!r}"


def description(model: torch.nn.Module) -> list[str]:
    """Return what must be the same of two models: the shapes of their weights, then their parts."""
    weights = [
        f"{name} {tuple(weight.shape)} {weight.dtype}"
        for name, weight in model.state_dict().items()
    ]
    return weights + re.sub(" at 0x[0-9a-f]+", "", repr(model)).split("\n")


def digest(data: np.ndarray | Iterable) -> str:
    """Return the SHA-256 of a text (ids), or of a list of anything that is made of plain values."""
    if isinstance(data, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(data, dtype=np.int64)).hexdigest()
    found = hashlib.sha256()
    for item in data:
        found.update(json.dumps(item, default=_plain).encode() + b"\n")
    return found.hexdigest()


def _plain(value):
    """Turn an array, a tensor or a small object into what JSON knows."""
    return value.tolist() if hasattr(value, "tolist") else vars(value)


def random_states(device: torch.device) -> dict[str, Tensor]:
    """Return where torch's random numbers are, on the CPU and on the device."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_random_states(states: dict[str, Tensor], device: torch.device) -> None:
    """Let torch's random numbers go on from there."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
