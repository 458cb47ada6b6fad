//! Convolutions of the zoo's networks alone, each as direct products and as fast as may be:
//! `cargo bench -p neckar --bench layers -- [THREADS] [FILTER]`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use neckar::ndarray::ArrayD;
use neckar::{Instructions, Model, Numerics, Options, Weights};
use neckar_spec::{Library, Lowering, Origin, compile, lower};

/// Input and output channels, height, width, kernel and stride.
type Layer = [usize; 6];

const LAYERS: &[Layer] = &[
    [256, 256, 160, 160, 3, 1],
    [256, 256, 80, 80, 3, 1],
    [256, 256, 56, 56, 3, 1],
    [256, 256, 40, 40, 3, 1],
    [256, 256, 28, 28, 3, 1],
    [256, 256, 20, 20, 3, 1],
    [256, 256, 14, 14, 3, 1],
    [256, 256, 7, 7, 3, 1],
    [128, 128, 64, 128, 3, 1],
    [128, 128, 32, 64, 3, 1],
    [128, 128, 16, 32, 3, 1],
    [128, 128, 8, 16, 3, 1],
    [128, 128, 28, 28, 3, 1],
    [64, 64, 56, 56, 3, 1],
    [512, 512, 7, 7, 3, 1],
    [3, 64, 224, 224, 7, 2],
    [128, 128, 56, 56, 3, 2],
    [256, 256, 28, 28, 3, 2],
    [512, 512, 14, 14, 3, 2],
    [256, 256, 160, 160, 1, 1],
    [512, 256, 80, 80, 1, 1],
    [1024, 256, 14, 14, 1, 1],
    [256, 1024, 14, 14, 1, 1],
    [128, 512, 28, 28, 1, 1],
    [64, 256, 56, 56, 1, 1],
    [256, 64, 56, 56, 1, 1],
    [2048, 512, 7, 7, 1, 1],
    [512, 2048, 7, 7, 1, 1],
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let threads = arguments.first().and_then(|argument| argument.parse().ok()).unwrap_or(0);
    println!("{:>28} {:>22} {:>22} {:>22}", "layer", "exact, AVX2", "exact", "fast");
    for layer in LAYERS {
        let [inputs, channels, height, width, kernel, stride] = layer;
        let name = format!("{kernel}x{kernel}/{stride} {inputs}->{channels} @{height}x{width}");
        if arguments.get(1).is_some_and(|filter| !name.contains(filter.as_str())) {
            continue;
        }
        print!("{name:>28}");
        for (numerics, instructions) in [
            (Numerics::Exact, Instructions::Avx2),
            (Numerics::Exact, Instructions::Avx512),
            (Numerics::Fast, Instructions::Avx512),
        ] {
            let time = time(layer, Options { threads, numerics, instructions, ..Options::default() });
            let [height, width] = [height.div_ceil(*stride), width.div_ceil(*stride)];
            let flop = 2 * inputs * channels * height * width * kernel * kernel;
            print!(" {:>9.3} ms {:>5.0} GF/s", 1e3 * time.as_secs_f64(), 1e-9 * flop as f64 / time.as_secs_f64());
        }
        println!();
    }
}

/// The median time of the layer itself.
fn time([inputs, channels, height, width, kernel, stride]: &Layer, options: Options) -> Duration {
    let padding = kernel / 2;
    let text = format!(
        "arch Layer {{\n    input x: [B, {inputs}, {height}, {width}]\n    conv c: -> {channels} (kernel = {kernel}, stride = \
         {stride}, padding = {padding}, bias = true)\n    y = c(x)\n    output y\n}}\n"
    );
    let library =
        Library::load(Origin::Text { name: "layer".into(), text, folder: None }).expect("a text needs no file");
    let compiled = compile(library, None, &[]);
    let checked = compiled.checked.expect("the layer is legal");
    let program = Arc::new(lower(&checked, Lowering::default()));
    let input =
        ArrayD::from_shape_fn(vec![1, *inputs, *height, *width], |i| (i[1] * 7 + i[2] * 3 + i[3]) as f32 % 1.7 - 0.8);
    let model =
        Model::new(program.clone(), Weights::init(&program, 0), options).expect("a checked program makes a model");
    let mut session = model.session(&[("x", input.shape())], None).expect("the shape is the layer's");
    let plan = session.plan();
    let mut outputs = session.empty_outputs();
    let mut times: Vec<Duration> = Vec::new();
    let began = Instant::now();
    while times.len() < 5 || (began.elapsed() < Duration::from_millis(300) && times.len() < 1000) {
        let parts = session.run_profiled(&[input.view()], &mut outputs.views_mut());
        let parts = parts.expect("the arrays are the session's");
        // Without the change of layout at the edges, which in a network belongs to other layers.
        let steps = plan.parts.iter().zip(&parts).filter(|(part, _)| part.row().is_some());
        times.push(steps.map(|(_, time)| time).sum());
    }
    times.sort();
    times[times.len() / 2]
}
