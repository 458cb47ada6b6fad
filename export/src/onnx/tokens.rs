//! What is done with tokens, and what makes maps out of sizes or weights alone.

use neckar_spec::program::{Target, WeightId};

use super::graph::{Builder, Value, integer, integers};
use super::norms::Kernel;

impl Builder<'_> {
    /// W × `[B, in, N]`, so that the channels stay second.
    pub(super) fn linear_of_tokens(&mut self, kernel: Kernel, input: &Value, result: Value) -> Value {
        let operands = vec![kernel.weight, input.name.clone()];
        let Some(bias) = kernel.bias else { return self.map("MatMul", operands, result, Vec::new()) };
        let name = result.name.clone();
        let product = self.aside("MatMul", operands, &name, Vec::new());
        let bias = self.unsqueezed(bias, 3, &name);
        self.map("Add", vec![product, bias], result, Vec::new())
    }

    /// The scores of a head are `[B, heads, N, M]`, and their product with the values turned so that the channels stay second.
    pub(super) fn attention(&mut self, heads: usize, args: &[Value], result: Value) -> Value {
        let name = result.name.clone();
        let width = |value: &Value| value.shape[1].as_constant().unwrap_or(0) / heads as i64;
        let [queries, keys, values] = [0, 1, 2].map(|operand| {
            let parts = self.integers(&format!("{name}/heads"), &[0, heads as i64, width(&args[operand]), -1]);
            self.aside("Reshape", vec![args[operand].name.clone(), parts], &name, Vec::new())
        });
        let turn = || vec![integers("perm", [0, 1, 3, 2])];
        let queries = self.aside("Transpose", vec![queries], &name, turn());
        let scale = self.scalar(&format!("{name}/scale"), 1.0 / (width(&args[0]) as f32).sqrt());
        let queries = self.aside("Mul", vec![queries, scale], &name, Vec::new());
        let scores = self.aside("MatMul", vec![queries, keys], &name, Vec::new());
        let shares = self.aside("Softmax", vec![scores], &name, vec![integer("axis", -1)]);
        let shares = self.aside("Transpose", vec![shares], &name, turn());
        let attended = self.aside("MatMul", vec![values, shares], &name, Vec::new());
        let joined = self.integers(&format!("{name}/joined"), &[0, width(&args[2]) * heads as i64, -1]);
        self.map("Reshape", vec![attended, joined], result, Vec::new())
    }

    pub(super) fn tokens(&mut self, input: &Value, result: Value) -> Value {
        let sizes = self.integers(&format!("{}/sizes", result.name), &[0, 0, -1]);
        self.map("Reshape", vec![input.name.clone(), sizes], result, Vec::new())
    }

    /// `like` gives the size where there is none.
    pub(super) fn fold(&mut self, size: Option<[usize; 2]>, input: &Value, like: &Value, result: Value) -> Value {
        let sizes = match size {
            Some(size) => self.integers(&format!("{}/sizes", result.name), &[0, 0, size[0] as i64, size[1] as i64]),
            None => self.sizes_of(input, like, &result.name),
        };
        self.map("Reshape", vec![input.name.clone(), sizes], result, Vec::new())
    }

    /// Batch and channels of a map with the rows and columns of another.
    pub(super) fn sizes_of(&mut self, input: &Value, like: &Value, name: &str) -> String {
        let own = self.aside("Shape", vec![input.name.clone()], name, vec![integer("end", 2)]);
        let other = self.aside("Shape", vec![like.name.clone()], name, vec![integer("start", 2)]);
        self.aside("Concat", vec![own, other], name, vec![integer("axis", 0)])
    }

    pub(super) fn learned(&mut self, weight: WeightId, batch_of: &Value, result: Value) -> Value {
        let name = result.name.clone();
        let weight = self.weight(weight);
        let turned = self.aside("Transpose", vec![weight], &name, vec![integers("perm", [0, 2, 1])]);
        let batch = self.aside("Shape", vec![batch_of.name.clone()], &name, vec![integer("end", 1)]);
        let ones = self.integers(&format!("{name}/ones"), &[1, 1]);
        let sizes = self.aside("Concat", vec![batch, ones], &name, vec![integer("axis", 0)]);
        self.map("Expand", vec![turned, sizes], result, Vec::new())
    }

    /// Sines and cosines of rows `[C/2, H, 1]` and of columns `[C/2, 1, W]`, repeated over the map.
    pub(super) fn sine_positions(&mut self, temperature: f32, like: &Value, result: Value) -> Value {
        let name = result.name.clone();
        let quarter = like.shape[1].as_constant().unwrap_or(0) / 4;
        let rates: Vec<f32> =
            (0..quarter).map(|i| f64::from(temperature).powf(-(i as f64 / quarter as f64)) as f32).collect();
        let rates = self.floats(&format!("{name}/rates"), &rates);
        let rates = self.unsqueezed(rates, 3, &name);
        let batch = self.aside("Shape", vec![like.name.clone()], &name, vec![integer("end", 1)]);
        let one = self.integers(&format!("{name}/one"), &[1]);
        let sizes = self.aside("Shape", vec![like.name.clone()], &name, vec![integer("start", 2)]);
        let sizes = self.aside("Concat", vec![batch, one, sizes], &name, vec![integer("axis", 0)]);
        let halves = [2, 3].map(|axis| {
            let length = self.length(like, axis, &name);
            let places = self.counted(length, &name);
            let angles = self.aside("Mul", vec![rates.clone(), places], &name, Vec::new());
            let parts = ["Sin", "Cos"].map(|op| self.aside(op, vec![angles.clone()], &name, Vec::new()));
            let half = self.aside("Concat", parts.into(), &name, vec![integer("axis", 0)]);
            let behind = self.integers(&format!("{name}/axis"), &[if axis == 2 { 2 } else { 1 }]);
            let half = self.aside("Unsqueeze", vec![half, behind], &name, Vec::new());
            self.aside("Expand", vec![half, sizes.clone()], &name, Vec::new())
        });
        self.map("Concat", halves.into(), result, vec![integer("axis", 1)])
    }

    /// The number of cells along an axis, `[1]`.
    pub(super) fn length(&mut self, of: &Value, axis: i64, name: &str) -> String {
        let attributes = vec![integer("start", axis), integer("end", axis + 1)];
        self.aside("Shape", vec![of.name.clone()], name, attributes)
    }

    /// 0, 1, 2, …, so many.
    pub(super) fn places(&mut self, count: String, name: &str) -> String {
        let [zero, one] = [0, 1].map(|n| self.integers(&format!("{name}/step"), &[n]));
        let bounds = [zero, count, one].map(|flat| self.aside("Squeeze", vec![flat], name, Vec::new()));
        self.aside("Range", bounds.into(), name, Vec::new())
    }

    /// The same as floats.
    fn counted(&mut self, count: String, name: &str) -> String {
        let places = self.places(count, name);
        self.aside("Cast", vec![places], name, vec![integer("to", i64::from(super::proto::FLOAT))])
    }

    /// Keys' cubic of a = −1/2 as wide as the scale where the map shrinks, as products with a matrix of shares an axis:
    /// antialiasing came to ONNX's Resize with opset 18.
    pub(super) fn antialiased(&mut self, target: Target, input: &Value, like: &Value, result: Value) -> Value {
        let name = result.name.clone();
        let [rows, columns] = [2, 3].map(|axis| self.cubic_shares(target, input, like, axis, &name));
        let columns = self.aside("Transpose", vec![columns], &name, Vec::new());
        let taller = self.aside("MatMul", vec![rows, input.name.clone()], &name, Vec::new());
        self.map("MatMul", vec![taller, columns], result, Vec::new())
    }

    /// The shares `[to, from]` of the cells along an axis.
    fn cubic_shares(&mut self, target: Target, input: &Value, like: &Value, axis: i64, name: &str) -> String {
        let from = self.length(input, axis, name);
        let to = match target {
            Target::Like => self.length(like, axis, name),
            Target::Factor(factor) => {
                let factor = self.integers(&format!("{name}/factor"), &[factor as i64]);
                self.aside("Mul", vec![from.clone(), factor], name, Vec::new())
            }
        };
        let float = || vec![integer("to", i64::from(super::proto::FLOAT))];
        let [from_cells, to_cells] = [&from, &to].map(|length| self.aside("Cast", vec![length.clone()], name, float()));
        let number = |builder: &mut Self, value: f32| builder.scalar(&format!("{name}/number"), value);
        let [half, one, two, four, zero] = [0.5, 1.0, 2.0, 4.0, 0.0].map(|value| number(self, value));
        let [steep, bend, flat] = [1.5, 2.5, -0.5].map(|value| number(self, value));
        let mut compute = |op: &str, inputs: &[&String]| {
            self.aside(op, inputs.iter().map(|&input| input.clone()).collect(), name, Vec::new())
        };
        let scale = compute("Div", &[&from_cells, &to_cells]);
        let wide = compute("Max", &[&scale, &one]);
        let [cells, places] = [from, to].map(|length| self.counted(length, name));
        let mut compute = |op: &str, inputs: &[&String]| {
            self.aside(op, inputs.iter().map(|&input| input.clone()).collect(), name, Vec::new())
        };
        let centres = compute("Add", &[&places, &half]);
        let centres = compute("Mul", &[&centres, &scale]);
        let middles = compute("Add", &[&cells, &half]);
        let behind = self.integers(&format!("{name}/axis"), &[1]);
        let centres = self.aside("Unsqueeze", vec![centres, behind.clone()], name, Vec::new());
        let mut compute = |op: &str, inputs: &[&String]| {
            self.aside(op, inputs.iter().map(|&input| input.clone()).collect(), name, Vec::new())
        };
        let x = compute("Sub", &[&middles, &centres]);
        let x = compute("Abs", &[&x]);
        let x = compute("Div", &[&x, &wide]);
        // ((3/2·x − 5/2)·x)·x + 1 up to 1, ((−1/2·x + 5/2)·x − 4)·x + 2 up to 2.
        let inner = compute("Mul", &[&x, &steep]);
        let inner = compute("Sub", &[&inner, &bend]);
        let inner = compute("Mul", &[&inner, &x]);
        let inner = compute("Mul", &[&inner, &x]);
        let inner = compute("Add", &[&inner, &one]);
        let outer = compute("Mul", &[&x, &flat]);
        let outer = compute("Add", &[&outer, &bend]);
        let outer = compute("Mul", &[&outer, &x]);
        let outer = compute("Sub", &[&outer, &four]);
        let outer = compute("Mul", &[&outer, &x]);
        let outer = compute("Add", &[&outer, &two]);
        let [within_one, within_two] = [&one, &two].map(|bound| compute("Less", &[&x, bound]));
        let outer = compute("Where", &[&within_two, &outer, &zero]);
        let shares = compute("Where", &[&within_one, &inner, &outer]);
        let total = self.aside("ReduceSum", vec![shares.clone(), behind], name, vec![integer("keepdims", 1)]);
        self.aside("Div", vec![shares, total], name, Vec::new())
    }
}
