// Some neighbouring cells of an axis, from one on.
template <class S, class F> __device__ void slice(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        return from(arena, s, from_pixel(s, at.image, at.row + s.row, at.column + s.column), channel + s.channel);
    });
}
