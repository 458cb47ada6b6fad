neckar::arch!("necks/pyramid.arch" as renamed, weights = "weights/renamed.safetensors");
neckar::arch!("necks/pyramid.arch" as prefixed, weights = "weights/prefixed.safetensors");
neckar::arch!("necks/pyramid.arch" as transposed, weights = "weights/transposed.safetensors");
neckar::arch!("necks/pyramid.arch" as truncated, weights = "weights/truncated.safetensors");
neckar::arch!("necks/pyramid.arch" as missing, weights = "weights/missing.safetensors");
neckar::arch!("necks/pyramid.arch" as extra, weights = "weights/extra.safetensors");
neckar::arch!("necks/pyramid.arch" as more_levels, weights = "weights/more_levels.safetensors");
neckar::arch!("necks/pyramid.arch" as fewer_levels, weights = "weights/fewer_levels.safetensors");

fn main() {}
