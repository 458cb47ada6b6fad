//! Classes for what `torch.nn` has no module for; a file has those that it uses.

/// The classes, each as it is made in `__init__` and its text.
pub(super) const HELPERS: &[(&str, &str)] =
    &[("WeightedSum(", WEIGHTED_SUM), ("ChannelNorm(", CHANNEL_NORM), ("LayerScale(", LAYER_SCALE)];

const WEIGHTED_SUM: &str = r#"

class WeightedSum(nn.Module):
    """The sum of maps with normalised weights, one an operand."""

    def __init__(self, operands, normalise, eps):
        super().__init__()
        self.w = nn.Parameter(torch.ones(operands))
        self.normalise = normalise
        self.eps = eps

    def forward(self, *maps):
        if self.normalise == "softmax":
            weights = torch.softmax(self.w, dim=0)
        else:
            positive = F.softplus(self.w) if self.normalise == "softplus" else F.relu(self.w)
            weights = positive / (positive.sum() + self.eps)
        return sum(weight * x for weight, x in zip(weights, maps))
"#;

const CHANNEL_NORM: &str = r#"

class ChannelNorm(nn.LayerNorm):
    """Layer norm along the channels, which are axis 1."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
"#;

const LAYER_SCALE: &str = r#"

class LayerScale(nn.Module):
    """A learned factor a channel."""

    def __init__(self, channels):
        super().__init__()
        self.lambda1 = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return self.lambda1.view(-1, *[1] * (x.dim() - 2)) * x
"#;
