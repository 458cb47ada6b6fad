// The same cells with the axes in another order: axis i of the result is axis ORDERi of the operand; axes are image, channel, row
// and column.
template <int ORDER0, int ORDER1, int ORDER2, int ORDER3, class S, class F> __device__ void permute(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int index[4];
        index[ORDER0] = at.image;
        index[ORDER1] = channel;
        index[ORDER2] = at.row;
        index[ORDER3] = at.column;
        return from(arena, s, from_pixel(s, index[0], index[2], index[3]), index[1]);
    });
}
