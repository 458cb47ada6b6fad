// An input, channels-first, into the arena.
template <class S, class F> __device__ void import_map(T *arena, const float *arrays, const S &s, F finish) {
    int plane = s.to_rows * s.to_columns;
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        return arrays[s.array_at + ((size_t)(pixel / plane) * s.to_channels + channel) * plane + pixel % plane];
    });
}
