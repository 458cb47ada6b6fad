// Channel c·f² + i·f + j becomes row i and column j of the f² cells in place of one.
template <class S, class F> __device__ void pixel_shuffle(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int of = (channel * s.factor + at.row % s.factor) * s.factor + at.column % s.factor;
        return from(arena, s, from_pixel(s, at.image, at.row / s.factor, at.column / s.factor), of);
    });
}
