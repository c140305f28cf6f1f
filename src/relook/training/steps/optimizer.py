"""The optimizer of a configuration, its parameters in groups of their own rate and decay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from torch import Tensor, nn, optim

from relook.core.errors import UsageError
from relook.training.config import OptimizerPart

__all__ = ["make_optimizer", "set_rate", "trained"]

Named = list[tuple[str, nn.Parameter]]


def trained(*modules: nn.Module) -> Named:
    """Parameters with gradients, by name, in a fixed order."""
    return [
        (name.removeprefix("network."), parameter)
        for module in modules
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    ]


def make_optimizer(
    named: Named, part: OptimizerPart, *, undecayed: Collection[str]
) -> optim.Optimizer:
    """One group for each rate and decay; biases, norms, p of GeM and class weights have no decay.

    Raises:
        UsageError: ``rates`` names what there is not, or nothing is left to train.
    """
    if not named:
        raise UsageError("everything is frozen: nothing is left to train")
    for prefix in part.rates:
        if not any(_factor(name, {prefix: 2.0}) != 1 for name, _ in named):
            raise UsageError(f"[optimizer] rates: no trained parameter begins with {prefix}")
    groups: dict[tuple[float, float], list[nn.Parameter]] = defaultdict(list)
    for name, parameter in named:
        decay = 0.0 if parameter.ndim < 2 or name in undecayed else part.weight_decay
        groups[decay, _factor(name, part.rates)].append(parameter)
    tables = [
        {"params": parameters, "weight_decay": decay, "factor": factor}
        for (decay, factor), parameters in groups.items()
    ]
    if part.name == "sgd":
        return optim.SGD(tables, lr=part.rate, momentum=part.momentum)
    return (optim.AdamW if part.name == "adamw" else optim.Adam)(tables, lr=part.rate)


def set_rate(optimizer: optim.Optimizer, rate: float) -> None:
    """Give every group its rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]


def gradients(named: Iterable[tuple[str, nn.Parameter]]) -> list[Tensor]:
    """Of those that have one."""
    return [parameter.grad for _, parameter in named if parameter.grad is not None]


def _factor(name: str, rates: object) -> float:
    table = dict(rates) if isinstance(rates, dict) else {}
    fitting = [prefix for prefix in table if name.startswith(prefix)]
    return float(table[max(fitting, key=len)]) if fitting else 1.0
