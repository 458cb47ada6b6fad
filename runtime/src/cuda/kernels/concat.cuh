// An operand into the channels of a concatenation from one on.
template <class S> __device__ void concat_channels(T *arena, const S &s) {
    u32 cells = (u32)s.from_pixels * s.from_channels;
    for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < cells; i += gridDim.x * blockDim.x) {
        int pixel = i / s.from_channels, channel = i % s.from_channels;
        arena[s.to_at + (size_t)pixel * s.to_pitch + s.channel + channel] = arena[s.from_at + (size_t)pixel * s.from_pitch + channel];
    }
}

// An operand into the rows and columns of a concatenation from some on; finished there.
template <class S, class F> __device__ void concat_cells(T *arena, const S &s, F finish) {
    u32 cells = (u32)s.from_pixels * s.from_channels;
    for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < cells; i += gridDim.x * blockDim.x) {
        int pixel = i / s.from_channels, channel = i % s.from_channels;
        Position at = position(pixel, s.from_rows, s.from_columns);
        int to = (at.image * s.to_rows + s.row + at.row) * s.to_columns + s.column + at.column;
        put(arena, s, finish, to, channel, from(arena, s, pixel, channel));
    }
}
