// A map of the arena into an output, channels-first.
template <class S> __device__ void export_map(const T *arena, float *arrays, const S &s) {
    int plane = s.from_rows * s.from_columns;
    u32 cells = (u32)s.from_pixels * s.from_channels;
    for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < cells; i += gridDim.x * blockDim.x) {
        int cell = i % plane, channel = i / plane % s.from_channels, image = i / plane / s.from_channels;
        arrays[s.array_at + (size_t)i] = from(arena, s, image * plane + cell, channel);
    }
}
