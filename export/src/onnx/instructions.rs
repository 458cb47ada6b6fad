//! Each instruction, and each step of an epilogue, in ONNX's operators.

use neckar_spec::program::{
    Activation, Branch, Epilogue, Instr, Norm, Normalise, Pool, PoolKind, Resize, ResizeMode, Slice, Target, WeightId,
};

use super::graph::{Builder, Value, float, integer, integers, text};
use super::norms::Kernel;

impl Builder<'_> {
    /// Adds a step: the instruction, then its epilogue. The last value has the given name.
    pub(super) fn step(&mut self, instr: &Instr, epilogue: &[Epilogue], args: &[Value], name: String) -> Value {
        let (args, mut addends) = args.split_at(args.len() - Epilogue::addends(epilogue));
        let shapes: Vec<_> = args.iter().map(|arg| arg.shape.clone()).collect();
        let shape = instr.shape(&shapes);
        let (norm, epilogue) = match epilogue {
            [Epilogue::Norm(norm), rest @ ..] if self.folds(instr) => (Some(norm), rest),
            _ => (None, epilogue),
        };
        let first = self.part(&name, instr_name(instr), epilogue.is_empty());
        let mut value = self.instr(&name, instr, norm, args, Value { name: first, shape });
        for (at, post) in epilogue.iter().enumerate() {
            let last = at + 1 == epilogue.len();
            let shape = value.shape.clone();
            value = match post {
                Epilogue::Norm(norm) => {
                    let name = self.part(&name, "norm", last);
                    self.norm(norm, value, Value { name, shape })
                }
                Epilogue::LayerScale { weight } => {
                    let factors = self.a_channel(*weight, shape.len(), &name);
                    let name = self.part(&name, "scaled", last);
                    self.map("Mul", vec![value.name, factors], Value { name, shape }, Vec::new())
                }
                Epilogue::Activation(activation) => {
                    let name = self.part(&name, "activation", last);
                    self.activation(*activation, value, Value { name, shape })
                }
                Epilogue::Scale { factor } => {
                    let factor = self.scalar(&format!("{name}/factor"), *factor);
                    let name = self.part(&name, "scale", last);
                    self.map("Mul", vec![value.name, factor], Value { name, shape }, Vec::new())
                }
                Epilogue::Branch(branch) => {
                    let added = self.branch(branch, &args[0], &name);
                    let name = self.part(&name, "sum", last);
                    self.map("Add", vec![value.name, added], Value { name, shape }, Vec::new())
                }
                Epilogue::Add { resize } => {
                    let (addend, rest) = addends.split_first().expect("a program has an operand for each addition");
                    addends = rest;
                    let addend = match resize {
                        None => addend.name.clone(),
                        Some(resize) => {
                            let resized = self.fresh(&format!("{name}/resized"));
                            let resized = Value { name: resized, shape: shape.clone() };
                            self.resize(*resize, addend, &value, resized).name
                        }
                    };
                    let name = self.part(&name, "sum", last);
                    self.map("Add", vec![value.name, addend], Value { name, shape }, Vec::new())
                }
            };
        }
        value
    }

    /// What a branch makes of a convolution's operand, by its name.
    fn branch(&mut self, branch: &Branch, input: &Value, step: &str) -> String {
        let Branch { conv, norm } = branch;
        let mut value = input.clone();
        let mut norm = norm.as_ref();
        if let Some(conv) = conv.clone().map(Instr::Conv) {
            let folded = norm.take_if(|_| self.folds(&conv));
            let name = self.fresh(&format!("{step}/branch"));
            let shape = conv.shape(std::slice::from_ref(&input.shape));
            value = self.instr(&name.clone(), &conv, folded, std::slice::from_ref(input), Value { name, shape });
        }
        if let Some(norm) = norm {
            let name = self.fresh(&format!("{step}/branch_norm"));
            let shape = value.shape.clone();
            value = self.norm(norm, value, Value { name, shape });
        }
        value.name
    }

    /// The name of a part of a step; the last one has the step's.
    fn part(&mut self, step: &str, part: &str, last: bool) -> String {
        if last { step.to_owned() } else { self.fresh(&format!("{step}/{part}")) }
    }

    /// Whether a norm behind an instruction is multiplied into its weights.
    fn folds(&self, instr: &Instr) -> bool {
        let linear = matches!(instr, Instr::Conv(_) | Instr::TransposedConv { .. } | Instr::Gemm { .. });
        linear && self.options.fold_norms
    }

    fn instr(&mut self, step: &str, instr: &Instr, norm: Option<&Norm>, args: &[Value], result: Value) -> Value {
        let input = &args[0];
        match instr {
            Instr::Conv(conv) => {
                let kernel = self.kernel(instr, conv.weight, conv.bias, norm);
                let attributes = vec![
                    integers("kernel_shape", conv.kernel),
                    integers("strides", conv.stride),
                    integers("pads", [conv.padding, conv.padding].concat()),
                    integers("dilations", conv.dilation),
                    integer("group", conv.groups as i64),
                ];
                self.map("Conv", kernel.operands(input), result, attributes)
            }
            Instr::TransposedConv { stride, weight, bias, .. } => {
                let kernel = self.kernel(instr, *weight, *bias, norm);
                let attributes = vec![integers("kernel_shape", [*stride; 2]), integers("strides", [*stride; 2])];
                self.map("ConvTranspose", kernel.operands(input), result, attributes)
            }
            Instr::Gemm { weight, bias, .. } => {
                let kernel = self.kernel(instr, *weight, *bias, norm);
                match input.shape.len() {
                    2 => self.map("Gemm", kernel.operands(input), result, vec![integer("transB", 1)]),
                    _ => self.linear_of_tokens(kernel, input, result),
                }
            }
            Instr::Pool(pool) => self.pool(pool, input, result),
            Instr::GlobalAveragePool => self.map("GlobalAveragePool", vec![input.name.clone()], result, Vec::new()),
            Instr::AdaptiveAveragePool { size } => {
                self.adaptive_average_pool(*size, input, args.last().unwrap_or(input), result)
            }
            Instr::Resize(resize) => self.resize(*resize, input, args.last().unwrap_or(input), result),
            Instr::Concat { axis } => {
                let operands = args.iter().map(|arg| arg.name.clone()).collect();
                self.map("Concat", operands, result, vec![integer("axis", axis.index() as i64)])
            }
            Instr::Flatten => self.map("Flatten", vec![input.name.clone()], result, vec![integer("axis", 1)]),
            Instr::L2Normalize { eps } => self.l2_normalize(*eps, input, result),
            Instr::WeightedSum { weight, normalise, eps } => self.weighted_sum(*weight, *normalise, *eps, args, result),
            Instr::Attention { heads } => self.attention(*heads, args, result),
            Instr::MatMul => self.map("MatMul", args.iter().map(|arg| arg.name.clone()).collect(), result, Vec::new()),
            Instr::Tokens => self.tokens(input, result),
            Instr::Fold { size } => self.fold(*size, input, args.last().unwrap_or(input), result),
            Instr::Learned { weight, .. } => self.learned(*weight, input, result),
            Instr::SinePositions { temperature } => self.sine_positions(*temperature, input, result),
            Instr::LayerNorm { eps, weight, bias } => self.layer_norm(*eps, *weight, *bias, input, result),
            Instr::GroupNorm { groups, eps, weight, bias } => {
                self.group_norm(*groups, *eps, *weight, *bias, input, result)
            }
            // The epilogue does the work; without one the map still gets its name.
            Instr::Elementwise if result.name != step => input.clone(),
            Instr::Elementwise => self.map("Identity", vec![input.name.clone()], result, Vec::new()),
            Instr::Multiply => self.map("Mul", vec![input.name.clone(), args[1].name.clone()], result, Vec::new()),
            Instr::Mean { axis } => {
                let attributes = vec![integers("axes", [axis.index()]), integer("keepdims", 1)];
                self.map("ReduceMean", vec![input.name.clone()], result, attributes)
            }
            Instr::Slice(slice) => self.slice(*slice, input, result),
            Instr::Softmax => self.map("Softmax", vec![input.name.clone()], result, vec![integer("axis", 1)]),
            Instr::PixelShuffle { factor } => {
                let attributes = vec![integer("blocksize", *factor as i64), text("mode", "CRD")];
                self.map("DepthToSpace", vec![input.name.clone()], result, attributes)
            }
            Instr::ChannelShuffle { groups } => self.channel_shuffle(*groups, input, result),
            Instr::Reassemble { kernel, factor } => self.reassemble(*kernel, *factor, args, result),
            Instr::Permute { order } => {
                self.map("Transpose", vec![input.name.clone()], result, vec![integers("perm", order.iter().copied())])
            }
        }
    }

    fn norm(&mut self, norm: &Norm, input: Value, result: Value) -> Value {
        let operands = [norm.weight, norm.bias, norm.mean, norm.variance].map(|id| self.weight(id));
        let operands = std::iter::once(input.name).chain(operands).collect();
        self.map("BatchNormalization", operands, result, vec![float("epsilon", norm.eps)])
    }

    fn activation(&mut self, activation: Activation, input: Value, result: Value) -> Value {
        let operands = vec![input.name.clone()];
        match activation {
            Activation::Relu => self.map("Relu", operands, result, Vec::new()),
            Activation::Sigmoid => self.map("Sigmoid", operands, result, Vec::new()),
            Activation::HardSigmoid => {
                let attributes = vec![float("alpha", 1.0 / 6.0), float("beta", 0.5)];
                self.map("HardSigmoid", operands, result, attributes)
            }
            Activation::HardSwish => self.map("HardSwish", operands, result, Vec::new()),
            Activation::Silu => {
                let gate = self.aside("Sigmoid", operands, &result.name, Vec::new());
                self.map("Mul", vec![input.name, gate], result, Vec::new())
            }
            // x · (1 + erf(x / √2)) / 2, in the order that engines know as GELU.
            Activation::Gelu => {
                let name = result.name.clone();
                let [root, one, half] = [("root", std::f32::consts::SQRT_2), ("one", 1.0), ("half", 0.5)]
                    .map(|(part, value)| self.scalar(&format!("{name}/{part}"), value));
                let place = self.aside("Div", vec![input.name.clone(), root], &name, Vec::new());
                let erf = self.aside("Erf", vec![place], &name, Vec::new());
                let sum = self.aside("Add", vec![erf, one], &name, Vec::new());
                let product = self.aside("Mul", vec![input.name, sum], &name, Vec::new());
                self.map("Mul", vec![product, half], result, Vec::new())
            }
        }
    }

    fn slice(&mut self, slice: Slice, input: &Value, result: Value) -> Value {
        let end = slice.length.map_or(i64::MAX, |length| (slice.start + length) as i64);
        let bounds = [("start", slice.start as i64), ("end", end), ("axis", slice.axis.index() as i64)];
        let bounds = bounds.map(|(what, value)| self.integers(&format!("{}/{what}", result.name), &[value]));
        self.map("Slice", std::iter::once(input.name.clone()).chain(bounds).collect(), result, Vec::new())
    }

    fn pool(&mut self, pool: &Pool, input: &Value, result: Value) -> Value {
        let mut attributes = vec![
            integers("kernel_shape", pool.kernel),
            integers("strides", pool.stride),
            integers("pads", [pool.padding, pool.padding].concat()),
        ];
        let op = match pool.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Average { count_padding } => {
                attributes.push(integer("count_include_pad", i64::from(count_padding)));
                "AveragePool"
            }
        };
        self.map(op, vec![input.name.clone()], result, attributes)
    }

    /// `like` gives the size where the target is [`Target::Like`].
    fn resize(&mut self, resize: Resize, input: &Value, like: &Value, result: Value) -> Value {
        // The names that ONNX's Resize gives to PyTorch's conventions.
        let (mode, coordinates) = match resize.mode {
            ResizeMode::Nearest => ("nearest", "asymmetric"),
            ResizeMode::Bilinear => ("linear", "half_pixel"),
            ResizeMode::AlignCorners => ("linear", "align_corners"),
            ResizeMode::Bicubic => ("cubic", "half_pixel"),
            ResizeMode::BicubicAntialiased => return self.antialiased(resize.target, input, like, result),
        };
        let mut attributes = vec![text("mode", mode), text("coordinate_transformation_mode", coordinates)];
        if resize.mode == ResizeMode::Nearest {
            attributes.push(text("nearest_mode", "floor"));
        }
        if resize.mode == ResizeMode::Bicubic {
            attributes.push(float("cubic_coeff_a", -0.75));
        }
        // Operands are the map, a region that is not used, then factors or sizes.
        let mut operands = vec![input.name.clone(), String::new()];
        match resize.target {
            Target::Factor(factor) => {
                let factor = factor as f32;
                operands.push(self.floats(&format!("{}/scales", result.name), &[1.0, 1.0, factor, factor]));
            }
            Target::Like => {
                let sizes = self.sizes_of(input, like, &result.name);
                operands.extend([String::new(), sizes]);
            }
        }
        self.map("Resize", operands, result, attributes)
    }

    fn l2_normalize(&mut self, eps: f32, input: &Value, result: Value) -> Value {
        let attributes = vec![integers("axes", [1]), integer("keepdims", 1)];
        let norm = self.aside("ReduceL2", vec![input.name.clone()], &result.name, attributes);
        let least = self.scalar(&format!("{}/eps", result.name), eps);
        let divisor = self.aside("Max", vec![norm, least], &result.name, Vec::new());
        self.map("Div", vec![input.name.clone(), divisor], result, Vec::new())
    }

    fn weighted_sum(
        &mut self,
        weight: WeightId,
        normalise: Normalise,
        eps: f32,
        args: &[Value],
        result: Value,
    ) -> Value {
        let name = result.name.clone();
        let weight = self.weight(weight);
        let normalised = match normalise {
            Normalise::Softmax => self.aside("Softmax", vec![weight], &name, vec![integer("axis", 0)]),
            Normalise::Softplus | Normalise::Relu => {
                let op = if normalise == Normalise::Relu { "Relu" } else { "Softplus" };
                let positive = self.aside(op, vec![weight], &name, Vec::new());
                let axes = self.integers(&format!("{name}/axes"), &[0]);
                let sum = self.aside("ReduceSum", vec![positive.clone(), axes], &name, vec![integer("keepdims", 1)]);
                let eps = self.scalar(&format!("{name}/eps"), eps);
                let divisor = self.aside("Add", vec![sum, eps], &name, Vec::new());
                self.aside("Div", vec![positive, divisor], &name, Vec::new())
            }
        };
        let mut sum: Option<String> = None;
        for (k, arg) in args.iter().enumerate() {
            let at = self.integers(&format!("{name}/operand"), &[k as i64]);
            let own = self.aside("Gather", vec![normalised.clone(), at], &name, vec![integer("axis", 0)]);
            let operands = vec![arg.name.clone(), own];
            sum = Some(match sum {
                None => self.aside("Mul", operands, &name, Vec::new()),
                Some(sum) => {
                    let term = self.aside("Mul", operands, &name, Vec::new());
                    if k + 1 == args.len() {
                        return self.map("Add", vec![sum, term], result, Vec::new());
                    }
                    self.aside("Add", vec![sum, term], &name, Vec::new())
                }
            });
        }
        // One operand alone is its own weighted sum.
        self.map("Identity", vec![sum.unwrap_or_default()], result, Vec::new())
    }

    /// The mean over rows ⌊iH/n⌋ to ⌈(i+1)H/n⌉ as a product with a matrix of weights that is made from H, since ONNX's
    /// pools have windows of one size: `[n, H] × [B, C, H, W] × [W, m]`. `like` gives n and m where there is no size.
    fn adaptive_average_pool(&mut self, size: Option<[usize; 2]>, input: &Value, like: &Value, result: Value) -> Value {
        if size == Some([1, 1]) {
            return self.map("GlobalAveragePool", vec![input.name.clone()], result, Vec::new());
        }
        let name = result.name.clone();
        let [rows, columns] = [2, 3].map(|axis| {
            let windows = match size {
                Some(size) => self.integers(&format!("{name}/windows"), &[size[axis - 2] as i64]),
                None => self.length(like, axis as i64, &name),
            };
            self.window_means(input, axis as i64, windows, &name)
        });
        let columns = self.aside("Transpose", vec![columns], &name, Vec::new());
        let shorter = self.aside("MatMul", vec![rows, input.name.clone()], &name, Vec::new());
        self.map("MatMul", vec![shorter, columns], result, Vec::new())
    }

    /// `[windows, length]`: row i holds 1/(its window's length) inside its window along an axis and 0 elsewhere. Window i of n
    /// begins at ⌊i·length/n⌋ and ends before −⌊−(i+1)·length/n⌋ = ⌊((i+1)·length + n − 1)/n⌋.
    fn window_means(&mut self, input: &Value, axis: i64, windows: String, name: &str) -> String {
        let length = self.length(input, axis, name);
        let one = self.integers(&format!("{name}/one"), &[1]);
        let first = self.places(windows.clone(), name);
        let first = self.aside("Unsqueeze", vec![first, one.clone()], name, Vec::new());
        let start = self.aside("Mul", vec![first, length.clone()], name, Vec::new());
        let end = self.aside("Add", vec![start.clone(), length.clone()], name, Vec::new());
        let end = self.aside("Add", vec![end, windows.clone()], name, Vec::new());
        let end = self.aside("Sub", vec![end, one], name, Vec::new());
        let [start, end] = [start, end].map(|at| self.aside("Div", vec![at, windows.clone()], name, Vec::new()));
        let cells = self.places(length, name);
        let after = self.aside("GreaterOrEqual", vec![cells.clone(), start.clone()], name, Vec::new());
        let before = self.aside("Less", vec![cells, end.clone()], name, Vec::new());
        let inside = self.aside("And", vec![after, before], name, Vec::new());
        let to_float = || vec![integer("to", i64::from(super::proto::FLOAT))];
        let inside = self.aside("Cast", vec![inside], name, to_float());
        let count = self.aside("Sub", vec![end, start], name, Vec::new());
        let count = self.aside("Cast", vec![count], name, to_float());
        self.aside("Div", vec![inside, count], name, Vec::new())
    }
}

impl Kernel {
    fn operands(self, input: &Value) -> Vec<String> {
        [input.name.clone(), self.weight].into_iter().chain(self.bias).collect()
    }
}

/// What an instruction's own result is called where it has no row.
fn instr_name(instr: &Instr) -> &'static str {
    match instr {
        Instr::Conv(_) | Instr::TransposedConv { .. } => "conv",
        Instr::Gemm { .. } => "gemm",
        Instr::Pool(_) | Instr::GlobalAveragePool | Instr::AdaptiveAveragePool { .. } => "pool",
        Instr::Resize(_) => "resize",
        Instr::Concat { .. } => "concat",
        Instr::Flatten => "flatten",
        Instr::L2Normalize { .. } => "l2",
        Instr::WeightedSum { .. } => "fuse",
        Instr::Elementwise => "input",
        Instr::LayerNorm { .. } | Instr::GroupNorm { .. } => "normed",
        Instr::Multiply => "product",
        Instr::Mean { .. } => "mean",
        Instr::Slice(_) => "slice",
        Instr::Permute { .. } => "permuted",
        Instr::Attention { .. } => "attended",
        Instr::MatMul => "product",
        Instr::Tokens => "tokens",
        Instr::Fold { .. } => "folded",
        Instr::Learned { .. } => "learned",
        Instr::SinePositions { .. } => "positions",
        Instr::Softmax => "softmax",
        Instr::PixelShuffle { .. } | Instr::ChannelShuffle { .. } => "shuffled",
        Instr::Reassemble { .. } => "reassembled",
    }
}
