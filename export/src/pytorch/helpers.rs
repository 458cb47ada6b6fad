//! Classes for what `torch.nn` has no module for; a file has those that it uses.

/// The classes, each as it is made in `__init__` and its text.
pub(super) const HELPERS: &[(&str, &str)] = &[
    ("weighted_sum(", WEIGHTED_SUM),
    ("ChannelNorm(", CHANNEL_NORM),
    ("LayerScale(", LAYER_SCALE),
    ("TokenLinear(", TOKEN_LINEAR),
    (" Group(", GROUP),
    ("multi_head_attention(", ATTENTION),
    ("sine_positions(", SINE_POSITIONS),
    ("reassemble(", REASSEMBLE),
];

const TOKEN_LINEAR: &str = r#"

class TokenLinear(nn.Linear):
    """A linear layer along the channels of tokens, which are axis 1."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)
"#;

const GROUP: &str = r#"

class Group(nn.Module):
    """Modules and parameters by their names."""

    def __init__(self, **members):
        super().__init__()
        for name, member in members.items():
            setattr(self, name, member)
"#;

const ATTENTION: &str = r#"

def multi_head_attention(queries, keys, values, heads):
    """Attention of tokens [B, C, N], the channels of a head one behind the other."""
    parts = (x.unflatten(1, (heads, -1)).transpose(2, 3) for x in (queries, keys, values))
    return F.scaled_dot_product_attention(*parts).transpose(2, 3).flatten(1, 2)
"#;

const REASSEMBLE: &str = r#"

def reassemble(x, kernels, kernel, factor):
    """The cells around each cell's source, times a kernel of its own (arXiv 1905.02188, equation 2)."""
    larger = F.interpolate(x, scale_factor=factor, mode="nearest")
    around = F.unfold(larger, kernel, dilation=factor, padding=factor * (kernel // 2))
    around = around.unflatten(1, (-1, kernel * kernel)).unflatten(3, kernels.shape[-2:])
    return (around * kernels.unsqueeze(1)).sum(2)
"#;

const SINE_POSITIONS: &str = r#"

def sine_positions(x, temperature):
    """Sines and cosines of the rows and of the columns of a map."""
    batch, channels, height, width = x.shape
    rates = temperature ** (-torch.arange(channels // 4, dtype=torch.float64, device=x.device) / (channels // 4))

    def half(size):
        angles = rates[:, None] * torch.arange(size, dtype=torch.float64, device=x.device)
        return torch.cat([angles.sin(), angles.cos()]).to(x.dtype)

    rows, columns = half(height)[:, :, None], half(width)[:, None, :]
    parts = [rows.expand(-1, -1, width), columns.expand(-1, height, -1)]
    return torch.cat(parts).expand(batch, -1, -1, -1)
"#;

const WEIGHTED_SUM: &str = r#"

def weighted_sum(weights, *maps, normalise, eps):
    """The sum of maps with normalised weights, one an operand."""
    if normalise == "softmax":
        weights = torch.softmax(weights, dim=0)
    else:
        positive = F.softplus(weights) if normalise == "softplus" else F.relu(weights)
        weights = positive / (positive.sum() + eps)
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
