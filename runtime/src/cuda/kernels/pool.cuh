// The greatest or the mean of a window; NaN is the greatest. Cells outside the map count for nothing but in a divisor that counts
// padding.
template <bool GREATEST, bool COUNT_PADDING, class S, class F> __device__ void pool(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int top = at.row * s.stride_rows - s.padding_rows, left = at.column * s.stride_columns - s.padding_columns;
        float result = GREATEST ? -INFINITY : 0.0f;
        int count = 0;
        for (int row = max(top, 0); row < min(top + s.kernel_rows, s.from_rows); row++) {
            for (int column = max(left, 0); column < min(left + s.kernel_columns, s.from_columns); column++) {
                float x = from(arena, s, from_pixel(s, at.image, row, column), channel);
                if (GREATEST) result = x > result || x != x ? x : result;
                else result += x;
                count++;
            }
        }
        if (GREATEST) return result;
        if (!COUNT_PADDING) return result / count;
        int rows = min(top + s.kernel_rows, s.from_rows + s.padding_rows) - top;
        int columns = min(left + s.kernel_columns, s.from_columns + s.padding_columns) - left;
        return result / (rows * columns);
    });
}
