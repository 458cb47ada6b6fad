// A product in single precision: a block of 256 threads makes 64 rows of 64 columns, a thread 4 × 4 of them, 16 terms at a time.
template <int SPREAD, class S, class F> __device__ void conv_plain(T *arena, const char *constants, const S &s, F finish) {
    const int TILE = 64, DEPTH = 16, PITCH = TILE + 4;
    float *left = (float *)shared_memory(), *right = left + DEPTH * PITCH;
    const float *bias = (const float *)(constants + s.bias_at);
    const T *weights = (const T *)(constants + s.weights_at);
    int thread = threadIdx.x, first_row = blockIdx.x * TILE, group = blockIdx.z;
    int first_column = blockIdx.y * TILE, terms = s.taps * s.segment;
    int lane = thread % DEPTH, line = thread / DEPTH;
    Position windows[4];
    for (int i = 0; i < 4; i++) windows[i] = window(s, first_row + line + 16 * i);
    float sums[4][4] = {};
    for (int first = 0; first < terms; first += DEPTH) {
        int term = first + lane, tap = term / s.segment, channel = group * s.segment + term % s.segment;
        for (int i = 0; i < 4; i++) {
            const T *cell = term < terms ? tapped(arena, s, windows[i], tap) : nullptr;
            left[lane * PITCH + line + 16 * i] = cell ? read(cell + channel) : 0.0f;
            int column = first_column + line + 16 * i;
            bool inside = term < terms && column < s.columns;
            right[lane * PITCH + line + 16 * i] = inside ? read(weights + (size_t)(group * s.columns + column) * terms + term) : 0.0f;
        }
        __syncthreads();
        for (int k = 0; k < DEPTH; k++) {
            float a[4], b[4];
            for (int i = 0; i < 4; i++) a[i] = left[k * PITCH + thread / 16 * 4 + i];
            for (int j = 0; j < 4; j++) b[j] = right[k * PITCH + thread % 16 * 4 + j];
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 4; j++) sums[i][j] = fmaf(a[i], b[j], sums[i][j]);
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < 4; i++) {
        int row = first_row + thread / 16 * 4 + i;
        for (int j = 0; j < 4; j++) {
            int column = first_column + thread % 16 * 4 + j, of = group * s.columns + column;
            if (row < s.rows && column < s.columns) put_product<SPREAD>(arena, s, finish, row, of, sums[i][j] + bias[of]);
        }
    }
}
