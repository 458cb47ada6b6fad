// Adaptive average pooling: cell i of n averages rows ⌊iH/n⌋ to ⌈(i+1)H/n⌉. A warp a pixel and 32 channels would leave maps of one
// cell to few threads, so a thread sums a channel.
template <class S, class F> __device__ void average(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int top = at.row * s.from_rows / s.to_rows, bottom = ((at.row + 1) * s.from_rows + s.to_rows - 1) / s.to_rows;
        int left = at.column * s.from_columns / s.to_columns;
        int right = ((at.column + 1) * s.from_columns + s.to_columns - 1) / s.to_columns;
        float total = 0.0f;
        for (int row = top; row < bottom; row++) {
            // Sums of rows first, so that the error does not grow with all cells of a large map.
            float sum = 0.0f;
            for (int column = left; column < right; column++) {
                sum += from(arena, s, from_pixel(s, at.image, row, column), channel);
            }
            total += sum;
        }
        return total / ((bottom - top) * (right - left));
    });
}
