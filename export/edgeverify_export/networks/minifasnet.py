"""MiniFASNet (Silent-Face-Anti-Spoofing, 2020): a pruned MobileFaceNet with three outputs.

Written from the published description and the names and shapes of the state dicts: every width is
read from the weights, and `se_module` appears where the weights have one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

    from edgeverify_export.networks.architecture import Weights


class ConvBlock(nn.Module):
    """Convolution, batch norm, and PReLU unless it is linear."""

    def __init__(self, weights: Weights, prefix: str, *, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        after, per_group, kernel, _ = weights[f"{prefix}.conv.weight"].shape
        depthwise = per_group == 1
        before = after if depthwise else per_group
        groups = after if depthwise else 1
        self.conv = nn.Conv2d(before, after, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(after)
        self.prelu = nn.PReLU(after) if f"{prefix}.prelu.weight" in weights else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, before, h, w) to (b, after, h', w')."""
        y: Tensor = self.prelu(self.bn(self.conv(x)))
        return y


class SqueezeExcite(nn.Module):
    """Weigh the channels by their global means (Hu et al., 2018, arXiv 1709.01507)."""

    def __init__(self, weights: Weights, prefix: str) -> None:
        super().__init__()
        narrow, wide = weights[f"{prefix}.fc1.weight"].shape[:2]
        self.fc1 = nn.Conv2d(wide, narrow, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(narrow)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(narrow, wide, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(wide)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        means = x.mean(dim=(2, 3), keepdim=True)
        weighted: Tensor = self.sigmoid(self.bn2(self.fc2(self.relu(self.bn1(self.fc1(means))))))
        return x * weighted


class DepthWise(nn.Module):
    """1x1, 3x3 depthwise, linear 1x1; a residual block also adds its input."""

    def __init__(self, weights: Weights, prefix: str, *, stride: int = 1) -> None:
        super().__init__()
        self.residual = stride == 1
        self.conv = ConvBlock(weights, f"{prefix}.conv")
        self.conv_dw = ConvBlock(weights, f"{prefix}.conv_dw", stride=stride, padding=1)
        self.project = ConvBlock(weights, f"{prefix}.project")
        has_excite = f"{prefix}.se_module.fc1.weight" in weights
        self.se_module = (
            SqueezeExcite(weights, f"{prefix}.se_module") if has_excite else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, before, h, w) to (b, after, h / stride, w / stride)."""
        y: Tensor = self.se_module(self.project(self.conv_dw(self.conv(x))))
        return x + y if self.residual else y


class Stage(nn.Module):
    """Residual blocks in a row, as many as the weights have."""

    def __init__(self, weights: Weights, prefix: str) -> None:
        super().__init__()
        count = sum(
            key.startswith(f"{prefix}.model.") and key.endswith(".project.conv.weight")
            for key in weights
        )
        self.model = nn.Sequential(
            *(DepthWise(weights, f"{prefix}.model.{index}") for index in range(count))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        y: Tensor = self.model(x)
        return y


class MiniFASNet(nn.Module):
    """The whole network: float32 (b, 3, 80, 80), BGR 0 to 255, to three logits; 1 is 'live'."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.conv1 = ConvBlock(weights, "conv1", stride=2, padding=1)
        self.conv2_dw = ConvBlock(weights, "conv2_dw", padding=1)
        self.conv_23 = DepthWise(weights, "conv_23", stride=2)
        self.conv_3 = Stage(weights, "conv_3")
        self.conv_34 = DepthWise(weights, "conv_34", stride=2)
        self.conv_4 = Stage(weights, "conv_4")
        self.conv_45 = DepthWise(weights, "conv_45", stride=2)
        self.conv_5 = Stage(weights, "conv_5")
        self.conv_6_sep = ConvBlock(weights, "conv_6_sep")
        self.conv_6_dw = ConvBlock(weights, "conv_6_dw")
        features, channels = weights["linear.weight"].shape
        self.linear = nn.Linear(channels, features, bias=False)
        self.bn = nn.BatchNorm1d(features)
        self.prob = nn.Linear(features, weights["prob.weight"].shape[0], bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (b, 3)."""
        x = self.conv_23(self.conv2_dw(self.conv1(x)))
        x = self.conv_45(self.conv_4(self.conv_34(self.conv_3(x))))
        x = self.conv_6_dw(self.conv_6_sep(self.conv_5(x))).flatten(1)
        logits: Tensor = self.prob(self.bn(self.linear(x)))
        return logits
