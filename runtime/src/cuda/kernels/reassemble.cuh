// Each cell the sum of the cells around the one that it comes from, times its own kernel; outside of the map are zeros.
template <class S, class F> __device__ void reassemble(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int top = at.row / s.factor - s.kernel / 2, left = at.column / s.factor - s.kernel / 2;
        const T *shares = arena + s.kernels_at + (size_t)pixel * s.kernels_pitch;
        float sum = 0.0f;
        for (int i = 0; i < s.kernel; i++) {
            for (int j = 0; j < s.kernel; j++) {
                int row = top + i, column = left + j;
                if (row < 0 || row >= s.from_rows || column < 0 || column >= s.from_columns) continue;
                sum += read(shares + i * s.kernel + j) * from(arena, s, from_pixel(s, at.image, row, column), channel);
            }
        }
        return sum;
    });
}
