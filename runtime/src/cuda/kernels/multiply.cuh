// The operand times a gate, which is repeated along the axes where its size is 1.
template <class S, class F> __device__ void multiply(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int row = s.gate_rows == 1 ? 0 : at.row, column = s.gate_columns == 1 ? 0 : at.column;
        size_t gate = ((size_t)at.image * s.gate_rows + row) * s.gate_columns + column;
        int of = s.gate_channels == 1 ? 0 : channel;
        return from(arena, s, pixel, channel) * read(arena + s.gate_at + gate * s.gate_pitch + of);
    });
}
