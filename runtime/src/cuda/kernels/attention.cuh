// softmax(q·kᵀ/√d)·v for a head and a query a block; its shared memory holds a score a key, and a float a warp.
template <class S, class F> __device__ void attention(T *arena, const S &s, F finish) {
    float *scratch = (float *)shared_memory(), *scores = scratch + blockDim.x / 32;
    int query = blockIdx.x % s.from_rows, head = blockIdx.x / s.from_rows % s.heads, image = blockIdx.x / s.from_rows / s.heads;
    int width = s.from_channels / s.heads, value_width = s.to_channels / s.heads;
    const T *q = arena + s.from_at + ((size_t)image * s.from_rows + query) * s.from_pitch + head * width;
    const T *keys = arena + s.keys_at + (size_t)image * s.keys * s.keys_pitch + head * width;
    const T *values = arena + s.values_at + (size_t)image * s.keys * s.values_pitch + head * value_width;
    float scale = 1.0f / sqrtf((float)width), greatest = -INFINITY;
    for (int key = threadIdx.x; key < s.keys; key += blockDim.x) {
        float score = 0.0f;
        for (int c = 0; c < width; c++) score += read(q + c) * read(keys + (size_t)key * s.keys_pitch + c);
        score *= scale;
        scores[key] = score;
        greatest = score > greatest || score != score ? score : greatest;
    }
    greatest = warp_max(greatest);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = greatest;
    __syncthreads();
    for (u32 warp = 0; warp < blockDim.x / 32; warp++) {
        float other = scratch[warp];
        greatest = other > greatest || other != other ? other : greatest;
    }
    float sum = 0.0f;
    for (int key = threadIdx.x; key < s.keys; key += blockDim.x) {
        scores[key] = expf(scores[key] - greatest);
        sum += scores[key];
    }
    sum = block_sum(sum, scratch);
    for (int c = threadIdx.x; c < value_width; c += blockDim.x) {
        float result = 0.0f;
        for (int key = 0; key < s.keys; key++) result += scores[key] * read(values + (size_t)key * s.values_pitch + c);
        put(arena, s, finish, image * s.from_rows + query, head * value_width + c, result / sum);
    }
}
