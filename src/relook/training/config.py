"""What a training run is, apart from its pictures: plain settings, read from one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from relook.core.errors import UsageError
from relook.networks.weights.card import check_name
from relook.training.shown_config import DataPart, FolderPart, ViewsPart

__all__ = [
    "Config",
    "DataPart",
    "FolderPart",
    "LogPart",
    "LossPart",
    "MiningPart",
    "NetworkPart",
    "OptimizerPart",
    "TrainPart",
    "ValidationPart",
    "ViewsPart",
    "WhiteningPart",
]

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPart:
    """``[network]``: what is trained.

    Attributes:
        backbone: a name of :mod:`relook.networks.backbones`; begins with random weights.
        weights: a name or file of :func:`relook.networks.weights.open_weights` to begin with
            instead; they say the backbone.
        layer: an inner layer that gives the map; empty for the last.
        padding: ``symmetric`` or ``same``; empty: as the weights say, else symmetric.
        pooling: a name of :mod:`relook.networks.pooling`.
        options: settings of the pooling.
        whitening: outputs of a linear layer trained end to end; 0 for none.
        whitening_file: a fitted whitening (:meth:`relook.vectors.Projection.save`) that this layer
            begins with; ``learned``: Lw of the network's own vectors of first views.
        dropout: share of the pooled vector that is left out before the whitening, each step.
        frozen: names or prefixes of layers that stay as they are, their statistics too.
        frozen_before: a layer; all that comes before it stays, too.
        frozen_statistics: batch normalization keeps its statistics everywhere; always where the
            weights came with it folded into the convolutions, as those of mobilenet-v2 do.
        mean: subtracted per channel from pixels in [0, 1]; as the weights say, else ImageNet's.
        std: what the difference is divided by, likewise.
    """

    backbone: str = ""
    weights: str = ""
    layer: str = ""
    padding: str = ""
    pooling: str = "gem"
    options: Table = field(default_factory=dict)
    whitening: int = 0
    whitening_file: str = ""
    dropout: float = 0.0
    frozen: tuple[str, ...] = ()
    frozen_before: str = ""
    frozen_statistics: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.backbone and not self.weights:
            raise UsageError("[network] needs a backbone, or weights to begin with")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"[network] dropout must be from 0 to below 1, not {self.dropout}")
        if self.dropout and not self.whitening:
            raise UsageError("[network] dropout comes before a whitening; set whitening, too")
        if self.whitening_file and not self.whitening:
            raise UsageError("[network] whitening_file begins a whitening; set whitening, too")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPart:
    """One ``[[loss]]``: a name of :mod:`relook.training.losses` or ``distill``, and its options."""

    name: str
    weight: float = 1.0
    options: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MiningPart:
    """``[mining]``: tuples for losses that take a query, a positive and negatives.

    Attributes:
        name: a miner of :mod:`relook.training.mining`.
        queries: tuples per epoch; 0: one for each picture.
        per_epoch: times that everything is described and mined again in an epoch.
        pool: pictures that are described for that; 0: all.
        options: settings of the miner.
        mirror: probability that a tuple is mirrored, all its pictures together.
    """

    name: str = "hard"
    queries: int = 0
    per_epoch: int = 1
    pool: int = 0
    options: Table = field(default_factory=dict)
    mirror: float = 0.0

    def __post_init__(self) -> None:
        if self.per_epoch < 1 or self.queries < 0 or self.pool < 0:
            raise UsageError("[mining] per_epoch must be 1 or more, queries and pool 0 or more")
        if not 0 <= self.mirror <= 1:
            raise UsageError(f"[mining] mirror must be from 0 to 1, not {self.mirror}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerPart:
    """``[optimizer]``: how steps are taken.

    Attributes:
        name: ``adamw``, ``adam`` or ``sgd``.
        rate: the highest learning rate.
        weight_decay: of weights; biases, norms and the weights of classes have none.
        momentum: of sgd.
        schedule: ``cosine``, ``exponential`` or ``constant``, see its module.
        warmup: iterations in which the rate grows from 0.
        decay: of ``exponential``, what the rate is multiplied by from beginning to end.
        floor: added to the rate of ``cosine``.
        rates: factors of the rate for parameters whose names begin so, such as ``{pool = 10}``.
        clip: largest norm of the gradient; 0: any.
    """

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    rate: float = 0.001
    weight_decay: float = 0.0
    momentum: float = 0.9
    schedule: Literal["cosine", "exponential", "constant"] = "cosine"
    warmup: int = 100
    decay: float = 0.01
    floor: float = 1e-5
    rates: Mapping[str, float] = field(default_factory=dict)
    clip: float = 0.0

    def __post_init__(self) -> None:
        if self.rate <= 0 or not 0 < self.decay <= 1 or self.warmup < 0:
            raise UsageError("[optimizer] needs a rate above 0, decay in (0, 1], warmup from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainPart:
    """``[train]``: how long, how much at a time, and on what.

    Attributes:
        iterations: steps of the optimizer.
        batch: pictures of a step; tuples of a step where there is mining.
        views: of each picture or class that is drawn, next to each other in a batch.
        accumulate: parts that a batch is worked on in, one after the other; 0: all at once, or
            one tuple at a time where there is mining.
        epoch: iterations of an epoch; 0: as many as show every picture once.
        threads: of torch; 0: as torch chooses.
        workers: processes that make batches ahead; 0: none, the loop makes them itself.
        precision: ``float32``, ``bf16`` or ``fp16`` for what autocast allows to be shorter.
        ema: the share of the averaged weights that each step keeps, 0: no average.
        save: iterations between checkpoints; 0: at the end alone.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        processes: that share each batch.
    """

    iterations: int
    batch: int = 96
    views: int = 2
    accumulate: int = 0
    epoch: int = 0
    threads: int = 0
    workers: int = 1
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    ema: float = 0.0
    save: int = 500
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    processes: int = 1

    def __post_init__(self) -> None:
        if min(self.iterations, self.batch, self.views, self.processes) < 1:
            raise UsageError("[train] iterations, batch, views and processes must be 1 or more")
        if (
            min(self.epoch, self.threads, self.workers, self.save, self.accumulate) < 0
            or not 0 <= self.ema < 1
        ):
            raise UsageError(
                "[train] epoch, threads, workers, save, accumulate are 0 or more, ema below 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationPart:
    """``[validation]``: retrieval mAP while it trains.

    Attributes:
        every: iterations between validations; one more at the end.
        share: of the classes that are held out of training to be searched for.
        views: queries made of each held-out picture.
        dataset: a folder with ``gnd.json``, below the data's root, in place of held-out classes.
        longest: of the pictures of the dataset, in pixels.
        patience: validations without a better one until training stops; 0: never.
    """

    every: int = 500
    share: float = 0.1
    views: int = 2
    dataset: str = ""
    longest: int = 320
    patience: int = 0

    def __post_init__(self) -> None:
        if self.every < 1 or not 0 < self.share < 1 or self.views < 1 or self.patience < 0:
            raise UsageError(
                "[validation] every and views must be 1 or more, share within 0 and 1, patience "
                "0 or more"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WhiteningPart:
    """``[whitening]``: fitted on the trained network's vectors, in a file beside the weights.

    Attributes:
        method: ``learned`` (Lw) from pairs of the same class, or ``pca``.
        dimensions: kept; 0: all, or with ``inside`` as many as the layer had.
        views: of each picture that it is fitted on.
        inside: Lw takes the place of the whitening layer that was trained, in the network itself.
            What was trained end to end fits the pictures that it saw, and is worse on others.
    """

    method: Literal["learned", "pca"] = "learned"
    dimensions: int = 0
    views: int = 2
    inside: bool = False

    def __post_init__(self) -> None:
        if self.inside and self.method != "learned":
            raise UsageError("[whitening] inside is Lw; leave out its method")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """``[log]``: what is written down besides."""

    every: int = 20
    tensorboard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One training run.

    Attributes:
        name: of the weights that come out.
        seed: of everything that is random.
    """

    name: str
    network: NetworkPart
    train: TrainPart
    loss: tuple[LossPart, ...]
    seed: int = 0
    data: DataPart = DataPart()
    views: ViewsPart = ViewsPart()
    mining: MiningPart | None = None
    optimizer: OptimizerPart = OptimizerPart()
    validation: ValidationPart | None = None
    whitening: WhiteningPart | None = None
    log: LogPart = LogPart()

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.loss:
            raise UsageError("there is no [[loss]]; name at least one")
        part = self.whitening
        if part is not None and part.inside and not (part.dimensions or self.network.whitening):
            raise UsageError("[whitening] inside needs its dimensions, or network.whitening")
        names = {part.name for part in self.loss}
        if ("context" in names) != (self.views.context is not None):
            raise UsageError("the loss context and [views] context = {} need each other")
        if "context" in names and (names - {"context", "distill"} or self.mining):
            raise UsageError(
                "labels are positions in context prediction; no other loss or [mining]"
            )
