// (x − mean) / √(var + eps) · weight + bias with the statistics of an image's group of channels over all cells, a block each.
template <class S, class F> __device__ void group_norm(T *arena, const char *constants, const S &s, float eps, F finish) {
    const float *scale = (const float *)(constants + s.scale_at), *shift = (const float *)(constants + s.shift_at);
    float *scratch = (float *)shared_memory();
    int image = blockIdx.x / s.groups, width = s.from_channels / s.groups, first = blockIdx.x % s.groups * width;
    int plane = s.from_rows * s.from_columns, cells = plane * width;
    auto at = [&](int i) { return from(arena, s, image * plane + i / width, first + i % width); };
    float sum = 0.0f;
    for (int i = threadIdx.x; i < cells; i += blockDim.x) sum += at(i);
    float mean = block_sum(sum, scratch) / cells;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < cells; i += blockDim.x) squares += (at(i) - mean) * (at(i) - mean);
    float inverse = 1.0f / sqrtf(block_sum(squares, scratch) / cells + eps);
    for (int i = threadIdx.x; i < cells; i += blockDim.x) {
        int channel = first + i % width;
        float x = (at(i) - mean) * inverse * scale[channel] + shift[channel];
        put(arena, s, finish, image * plane + i / width, channel, x);
    }
}
