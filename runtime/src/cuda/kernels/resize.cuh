// Nearest: source cell ⌊i·in/out⌋ along both axes.
template <class S, class F> __device__ void resize_nearest(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int row = at.row * s.from_rows / s.to_rows, column = at.column * s.from_columns / s.to_columns;
        return from(arena, s, from_pixel(s, at.image, row, column), channel);
    });
}

// A row or column of the result: its first taps among those of all, and how many there are.
struct Taps {
    int first, count;
};

// A source cell and how much of it.
struct Tap {
    int cell;
    float share;
};

// Any linear resampling, by tables of the taps of each row and of each column.
template <class S, class F> __device__ void resize_weighted(T *arena, const char *constants, const S &s, F finish) {
    const Taps *rows = (const Taps *)(constants + s.rows_at), *columns = (const Taps *)(constants + s.columns_at);
    const Tap *taps = (const Tap *)(constants + s.taps_at);
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        Taps down = rows[at.row], across = columns[at.column];
        float result = 0.0f;
        for (int i = 0; i < down.count; i++) {
            Tap row = taps[down.first + i];
            float sum = 0.0f;
            for (int j = 0; j < across.count; j++) {
                Tap column = taps[across.first + j];
                sum += column.share * from(arena, s, from_pixel(s, at.image, row.cell, column.cell), channel);
            }
            result += row.share * sum;
        }
        return result;
    });
}
