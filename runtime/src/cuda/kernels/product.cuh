// Convolutions as products of matrices that are not made: rows are pixels of the result, columns its channels, and the terms of a
// sum run over the taps of the window and, within a tap, over the channels of a group. A convolution's group is a layer of blocks.
//
// A transposed convolution whose stride is its kernel is a product of every pixel with s² columns a channel, which are written
// to s² pixels; a product over the channels of each pixel is a convolution of one tap.

// Where the sum of a row and a column goes: SPREAD cells of the result along each axis for one of the operand.
template <int SPREAD, class S, class F> __device__ inline void put_product(T *arena, const S &s, F finish, int row, int column, float x) {
    if (SPREAD == 1) return put(arena, s, finish, row, column, x);
    int tap = column / s.to_channels, channel = column % s.to_channels;
    Position at = position(row, s.from_rows, s.from_columns);
    int line = (at.image * s.from_rows + at.row) * SPREAD + tap / SPREAD;
    put(arena, s, finish, line * s.from_columns * SPREAD + at.column * SPREAD + tap % SPREAD, channel, x);
}

// The upper left cell of a pixel's window; below all cells where there is no such pixel.
template <class S> __device__ inline Position window(const S &s, int pixel) {
    if (pixel >= s.rows) return {0, -0x40000000, 0};
    Position at = position(pixel, s.window_rows, s.window_columns);
    return {at.image, at.row * s.stride_rows - s.padding_rows, at.column * s.stride_columns - s.padding_columns};
}

// The cell that a tap of a window reads; null outside of the map.
template <class S> __device__ inline const T *tapped(const T *arena, const S &s, Position at, int tap) {
    int row = at.row + tap / s.kernel_columns * s.dilation_rows, column = at.column + tap % s.kernel_columns * s.dilation_columns;
    if (row < 0 || row >= s.from_rows || column < 0 || column >= s.from_columns) return nullptr;
    return arena + s.from_at + (size_t)from_pixel(s, at.image, row, column) * s.from_pitch;
}
