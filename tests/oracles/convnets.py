"""Networks as tables of their layers, run by functions on a state dict: no modules.

The tables are those of the papers, as the published weights have them. Batch norm, averages, SAME
padding and rounding up are written out from their definitions.
"""

from __future__ import annotations

import torch
from torch.nn import functional

# --- layers ---------------------------------------------------------------------------------


def conv(x, state, key, *, stride=1, padding=0, groups=1):
    return functional.conv2d(
        x, state[f"{key}.weight"], state.get(f"{key}.bias"), stride, padding, groups=groups
    )


def norm(x, state, key, *, eps):
    mean, variance = state[f"{key}.running_mean"], state[f"{key}.running_var"]
    scale = state[f"{key}.weight"] / (variance + eps) ** 0.5
    return (x - mean[:, None, None]) * scale[:, None, None] + state[f"{key}.bias"][:, None, None]


def relu(x):
    return x.clamp(min=0)


def relu6(x):
    return x.clamp(0, 6)


def pool(x, size, stride, padding=0, *, round_up=False):
    if round_up:  # -∞ beyond the far border until the last window fits
        more = [-(side - size) % stride for side in x.shape[-2:]]
        x = functional.pad(x, (0, more[1], 0, more[0]), value=-torch.inf)
    return functional.max_pool2d(x, size, stride, padding)


def mean3x3(x):
    """Means of 3×3 windows, zeros beyond the border counted."""
    padded = functional.pad(x, (1, 1, 1, 1))
    height, width = x.shape[-2:]
    return sum(padded[..., i : i + height, j : j + width] for i in range(3) for j in range(3)) / 9


def same3x3(x, state, key, *, stride, groups=1):
    """TensorFlow: ⌈n / s⌉ outputs, the smaller half of the padding at the near end."""
    total = [max((-(-side // stride) - 1) * stride + 3 - side, 0) for side in x.shape[-2:]]
    (top, left), (bottom, right) = [t // 2 for t in total], [t - t // 2 for t in total]
    x = functional.pad(x, (left, right, top, bottom))
    return conv(x, state, key, stride=stride, groups=groups)


# --- AlexNet and VGG ------------------------------------------------------------------------

# Number in `features`, stride, padding, pooled before.
ALEXNET = [(0, 4, 2, False), (3, 1, 2, True), (6, 1, 1, True), (8, 1, 1, False), (10, 1, 1, False)]
VGG = {
    "vgg16": [0, 2, "M", 5, 7, "M", 10, 12, 14, "M", 17, 19, 21, "M", 24, 26, 28],
    "vgg19": [0, 2, "M", 5, 7, "M", 10, 12, 14, 16, "M", 19, 21, 23, 25, "M", 28, 30, 32, 34],
}


def alexnet(x, state):
    for number, stride, padding, pooled in ALEXNET:
        x = pool(x, 3, 2) if pooled else x
        x = relu(conv(x, state, f"features.{number}", stride=stride, padding=padding))
    return x


def vgg(x, state, name):
    for number in VGG[name]:
        if number == "M":
            x = pool(x, 2, 2)
        else:
            x = relu(conv(x, state, f"features.{number}", padding=1))
    return x


# --- ResNet ---------------------------------------------------------------------------------

# (kernel, where the stride is), layers per stage.
BASIC = [(3, True), (3, False)]
BOTTLENECK = [(1, False), (3, True), (1, False)]
RESNET = {
    "resnet18": (BASIC, [2, 2, 2, 2]),
    "resnet34": (BASIC, [3, 4, 6, 3]),
    "resnet50": (BOTTLENECK, [3, 4, 6, 3]),
    "resnet101": (BOTTLENECK, [3, 4, 23, 3]),
    "resnet152": (BOTTLENECK, [3, 8, 36, 3]),
}


def resnet(x, state, name):
    shape, depths = RESNET[name]
    x = relu(norm(conv(x, state, "conv1", stride=2, padding=3), state, "bn1", eps=1e-5))
    x = pool(x, 3, 2, 1)
    for stage, depth in enumerate(depths, start=1):
        for block in range(depth):
            stride = 2 if stage > 1 and block == 0 else 1
            x = residual(x, state, f"layer{stage}.{block}", shape, stride)
    return x


def residual(x, state, home, shape, stride):
    y = x
    for number, (kernel, strided) in enumerate(shape, start=1):
        y = conv(
            y, state, f"{home}.conv{number}", stride=stride if strided else 1, padding=kernel // 2
        )
        y = norm(y, state, f"{home}.bn{number}", eps=1e-5)
        y = y if number == len(shape) else relu(y)
    if f"{home}.downsample.0.weight" in state:
        x = conv(x, state, f"{home}.downsample.0", stride=stride)
        x = norm(x, state, f"{home}.downsample.1", eps=1e-5)
    return relu(x + y)


# Blocks and stride of each stage of ours.
RELOOK = {"relook_small": [(1, 1), (2, 2), (4, 2), (3, 1)]}


def relook(x, state, name):
    def after(y, key, **kind):
        return norm(conv(y, state, f"{key}.0", **kind), state, f"{key}.1", eps=1e-5)

    x = relu(after(x, "stem", stride=4, padding=3))
    for stage, (depth, first) in enumerate(RELOOK[name]):
        for block in range(depth):
            home, stride = f"stages.{stage}.{block}", first if block == 0 else 1
            wide = relu(after(x, f"{home}.widen", stride=stride, padding=1))
            y = after(wide, f"{home}.narrow")
            x = x + y if block else y
    return relu(after(x, "last"))


# --- DenseNet -------------------------------------------------------------------------------

DENSENET = {
    "densenet121": [6, 12, 24, 16],
    "densenet169": [6, 12, 32, 32],
    "densenet201": [6, 12, 48, 32],
}


def densenet(x, state, name):
    def after(y, key):
        return relu(norm(y, state, f"features.{key}", eps=1e-5))

    x = pool(after(conv(x, state, "features.conv0", stride=2, padding=3), "norm0"), 3, 2, 1)
    for block, layers in enumerate(DENSENET[name], start=1):
        maps = [x]
        for layer in range(1, layers + 1):
            home = f"denseblock{block}.denselayer{layer}"
            y = conv(after(torch.cat(maps, 1), f"{home}.norm1"), state, f"features.{home}.conv1")
            y = conv(after(y, f"{home}.norm2"), state, f"features.{home}.conv2", padding=1)
            maps.append(y)
        x = torch.cat(maps, 1)
        if block < 4:
            x = conv(after(x, f"transition{block}.norm"), state, f"features.transition{block}.conv")
            height, width = (side // 2 * 2 for side in x.shape[-2:])
            x = x[..., :height, :width]
            x = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    return after(x, "norm5")


# --- GoogLeNet and Inception-v3 -------------------------------------------------------------


def unit(x, state, key, *, stride=1, padding=0):
    y = conv(x, state, f"{key}.conv", stride=stride, padding=padding)
    return relu(norm(y, state, f"{key}.bn", eps=1e-3))


GOOGLENET = ["3a", "3b", "pool", "4a", "4b", "4c", "4d", "4e", "pool2", "5a", "5b"]


def googlenet(x, state):
    x = pool(unit(x, state, "conv1", stride=2, padding=3), 3, 2, round_up=True)
    x = unit(unit(x, state, "conv2"), state, "conv3", padding=1)
    x = pool(x, 3, 2, round_up=True)
    for part in GOOGLENET:
        if part.startswith("pool"):
            x = pool(x, 2 if part == "pool2" else 3, 2, round_up=True)
            continue
        home = f"inception{part}"
        branches = [unit(x, state, f"{home}.branch1")]
        for number in (2, 3):
            narrow = unit(x, state, f"{home}.branch{number}.0")
            branches.append(unit(narrow, state, f"{home}.branch{number}.1", padding=1))
        branches.append(unit(pool(x, 3, 1, 1), state, f"{home}.branch4.1"))
        x = torch.cat(branches, 1)
    return x


# Per kind of block: per branch the layers that follow each other, as (name, stride, padding).
# A list inside a branch is a fork: its layers see the same map. `mean` and `max` pool first.
ROW7, COLUMN7, ROW3, COLUMN3 = (0, 3), (3, 0), (0, 1), (1, 0)
DOUBLE3 = [("branch3x3dbl_1", 1, 0), ("branch3x3dbl_2", 1, 1)]
POOLED = ["mean", ("branch_pool", 1, 0)]
BLOCKS = {
    "A": [
        [("branch1x1", 1, 0)],
        [("branch5x5_1", 1, 0), ("branch5x5_2", 1, 2)],
        [*DOUBLE3, ("branch3x3dbl_3", 1, 1)],
        POOLED,
    ],
    "B": [[("branch3x3", 2, 0)], [*DOUBLE3, ("branch3x3dbl_3", 2, 0)], ["max"]],
    "C": [
        [("branch1x1", 1, 0)],
        [("branch7x7_1", 1, 0), ("branch7x7_2", 1, ROW7), ("branch7x7_3", 1, COLUMN7)],
        [
            ("branch7x7dbl_1", 1, 0),
            ("branch7x7dbl_2", 1, COLUMN7),
            ("branch7x7dbl_3", 1, ROW7),
            ("branch7x7dbl_4", 1, COLUMN7),
            ("branch7x7dbl_5", 1, ROW7),
        ],
        POOLED,
    ],
    "D": [
        [("branch3x3_1", 1, 0), ("branch3x3_2", 2, 0)],
        [
            ("branch7x7x3_1", 1, 0),
            ("branch7x7x3_2", 1, ROW7),
            ("branch7x7x3_3", 1, COLUMN7),
            ("branch7x7x3_4", 2, 0),
        ],
        ["max"],
    ],
    "E": [
        [("branch1x1", 1, 0)],
        [("branch3x3_1", 1, 0), [("branch3x3_2a", 1, ROW3), ("branch3x3_2b", 1, COLUMN3)]],
        [*DOUBLE3, [("branch3x3dbl_3a", 1, ROW3), ("branch3x3dbl_3b", 1, COLUMN3)]],
        POOLED,
    ],
}
INCEPTION_V3 = [
    ("5b", "A"), ("5c", "A"), ("5d", "A"), ("6a", "B"), ("6b", "C"), ("6c", "C"),
    ("6d", "C"), ("6e", "C"), ("7a", "D"), ("7b", "E"), ("7c", "E"),
]  # fmt: skip


def inception_v3(x, state):
    x = unit(x, state, "Conv2d_1a_3x3", stride=2)
    x = unit(unit(x, state, "Conv2d_2a_3x3"), state, "Conv2d_2b_3x3", padding=1)
    x = unit(unit(pool(x, 3, 2), state, "Conv2d_3b_1x1"), state, "Conv2d_4a_3x3")
    x = pool(x, 3, 2)
    for part, kind in INCEPTION_V3:
        x = torch.cat([branch(x, state, f"Mixed_{part}", steps) for steps in BLOCKS[kind]], 1)
    return x


def branch(x, state, home, steps):
    for step in steps:
        if step == "mean":
            x = mean3x3(x)
        elif step == "max":
            x = pool(x, 3, 2)
        elif isinstance(step, list):
            x = torch.cat([branch(x, state, home, [fork]) for fork in step], 1)
        else:
            name, stride, padding = step
            x = unit(x, state, f"{home}.{name}", stride=stride, padding=padding)
    return x


# --- MobileNets -----------------------------------------------------------------------------


def filter3x3(x, state, key, *, stride, groups, padding):
    if padding == "same":
        return same3x3(x, state, key, stride=stride, groups=groups)
    return conv(x, state, key, stride=stride, padding=1, groups=groups)


STRIDES_V1 = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]


def mobilenet_v1(x, state, *, padding):
    def after(y, home):
        return relu6(norm(y, state, f"{home}.norm", eps=1e-3))

    x = filter3x3(x, state, "stem.conv", stride=2, groups=1, padding=padding)
    x = after(x, "stem")
    for number, stride in enumerate(STRIDES_V1):
        home = f"blocks.{number}.depthwise"
        groups = x.shape[1]
        y = filter3x3(x, state, f"{home}.conv", stride=stride, groups=groups, padding=padding)
        x = after(y, home)
        home = f"blocks.{number}.pointwise"
        x = after(conv(x, state, f"{home}.conv"), home)
    return x


# Stride, and whether there is a shortcut, of the 17 blocks.
STRIDES_V2 = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]
SHORTCUTS_V2 = [0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0]


def mobilenet_v2(x, state, *, padding):
    def after(y, key):
        return norm(y, state, key, eps=1e-5)

    x = filter3x3(x, state, "features.0.0", stride=2, groups=1, padding=padding)
    x = relu6(after(x, "features.0.1"))
    for number, (stride, shortcut) in enumerate(zip(STRIDES_V2, SHORTCUTS_V2, strict=True)):
        home = f"features.{number + 1}.conv"
        y, place = x, 0
        if number > 0:
            y = relu6(after(conv(y, state, f"{home}.0.0"), f"{home}.0.1"))
            place = 1
        key = f"{home}.{place}.0"
        y = filter3x3(y, state, key, stride=stride, groups=y.shape[1], padding=padding)
        y = relu6(after(y, f"{home}.{place}.1"))
        y = after(conv(y, state, f"{home}.{place + 1}"), f"{home}.{place + 2}")
        x = x + y if shortcut else y
    return relu6(after(conv(x, state, "features.18.0"), "features.18.1"))


# --- all of them ----------------------------------------------------------------------------


def feature_map(name, pictures, state, *, padding="symmetric"):
    """The map of a backbone by its name."""
    family = name.rstrip("0123456789") if name[-1].isdigit() else name
    if name.startswith("mobilenet"):
        run = mobilenet_v2 if name == "mobilenet_v2" else mobilenet_v1
        return run(pictures, state, padding=padding)
    if name in RELOOK:
        return relook(pictures, state, name)
    tables = {"vgg": vgg, "resnet": resnet, "densenet": densenet}
    if family in tables:
        return tables[family](pictures, state, name)
    return {"alexnet": alexnet, "googlenet": googlenet, "inception_v3": inception_v3}[name](
        pictures, state
    )
