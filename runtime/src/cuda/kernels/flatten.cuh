// `[B, C, H, W]` to `[B, C·H·W]` in the order of a channels-first map.
template <class S, class F> __device__ void flatten(T *arena, const S &s, F finish) {
    int plane = s.from_rows * s.from_columns;
    each_cell(arena, s, finish, [&](int image, int feature) {
        return from(arena, s, image * plane + feature % plane, feature / plane);
    });
}
