// The operand as it is, in its own order of cells: what maps of another shape in the same order are made of, too.
template <class S, class F> __device__ void elementwise(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) { return from(arena, s, pixel, channel); });
}
