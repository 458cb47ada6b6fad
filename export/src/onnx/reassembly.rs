//! Channels and cells in another order, and sums of cells with kernels of their own.

use super::graph::{Builder, Value, integer, text};

impl Builder<'_> {
    /// The channels picked one by one, which needs no sizes.
    pub(super) fn channel_shuffle(&mut self, groups: usize, input: &Value, result: Value) -> Value {
        let channels = input.shape[1].as_constant().unwrap_or(0);
        let groups = groups as i64;
        let order: Vec<i64> = (0..channels).map(|c| c % groups * (channels / groups) + c / groups).collect();
        let order = self.integers(&format!("{}/order", result.name), &order);
        self.map("Gather", vec![input.name.clone(), order], result, vec![integer("axis", 1)])
    }

    /// The map is enlarged to the nearest cell and padded; for each cell of the kernel it is then cut out as far away as that lies,
    /// and multiplied with that channel of the kernels.
    pub(super) fn reassemble(&mut self, kernel: usize, factor: usize, args: &[Value], result: Value) -> Value {
        let name = result.name.clone();
        let by = self.floats(&format!("{name}/scales"), &[1.0, 1.0, factor as f32, factor as f32]);
        let nearest = vec![
            text("mode", "nearest"),
            text("coordinate_transformation_mode", "asymmetric"),
            text("nearest_mode", "floor"),
        ];
        let larger = self.aside("Resize", vec![args[0].name.clone(), String::new(), by], &name, nearest);
        let reach = (factor * (kernel / 2)) as i64;
        let pads = self.integers(&format!("{name}/pads"), &[0, 0, reach, reach, 0, 0, reach, reach]);
        let padded = self.aside("Pad", vec![larger, pads], &name, Vec::new());
        let sizes = self.aside("Shape", vec![args[1].name.clone()], &name, vec![integer("start", 2)]);
        let axes = self.integers(&format!("{name}/axes"), &[2, 3]);
        let channel = self.integers(&format!("{name}/channel"), &[1]);
        let terms = (0..kernel * kernel).map(|tap| {
            let bounds = [tap, tap + 1].map(|at| self.integers(&format!("{name}/tap"), &[at as i64]));
            let bounds = bounds.into_iter().chain([channel.clone()]);
            let share = std::iter::once(args[1].name.clone()).chain(bounds).collect();
            let share = self.aside("Slice", share, &name, Vec::new());
            let place = [tap / kernel, tap % kernel].map(|at| (at * factor) as i64);
            let start = self.integers(&format!("{name}/start"), &place);
            let end = self.aside("Add", vec![start.clone(), sizes.clone()], &name, Vec::new());
            let cut = self.aside("Slice", vec![padded.clone(), start, end, axes.clone()], &name, Vec::new());
            self.aside("Mul", vec![cut, share], &name, Vec::new())
        });
        let terms = terms.collect();
        self.map("Sum", terms, result, Vec::new())
    }
}
