// A product on tensor cores: four warps make ROWS rows of COLUMNS columns, of halves with sums in single precision, 32 terms at a
// time, whose copies are under way STAGES - 1 steps ahead. Pixels, segments and weights start at multiples of eight halves.
//
// A line of 32 halves is four pieces of 16 bytes; piece p of line l lies at p ^ (l / 2 % 4), so that the eight lines that a matrix
// is loaded from lie in different banks.
__device__ inline int piece_of(int line, int piece) { return (line * 4 + (piece ^ (line / 2 % 4))) * 8; }

template <int ROWS, int COLUMNS, int STAGES, int SPREAD, class S, class F>
__device__ void conv_tensor(T *arena, const char *constants, const S &s, F finish) {
    const int DEPTH = 32, WARP_ROWS = ROWS / 2, WARP_COLUMNS = COLUMNS / 2;
    const int STAGE = (ROWS + COLUMNS) * DEPTH, DOWN = WARP_ROWS / 16, ACROSS = WARP_COLUMNS / 8;
    T *shared = (T *)shared_memory();
    const float *bias = (const float *)(constants + s.bias_at);
    const T *weights = (const T *)(constants + s.weights_at);
    int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
    int first_row = blockIdx.x * ROWS, first_column = blockIdx.y * COLUMNS, group = blockIdx.z;
    int steps_of_tap = (s.segment + DEPTH - 1) / DEPTH, steps = s.taps * steps_of_tap;

    // Each thread copies one piece of every 32nd line.
    int line = thread / 4, piece = thread % 4;
    Position windows[ROWS / 32];
    for (int i = 0; i < ROWS / 32; i++) windows[i] = window(s, first_row + line + 32 * i);
    auto copy = [&](int step) {
        T *left = shared + step % STAGES * STAGE, *right = left + ROWS * DEPTH;
        int tap = step / steps_of_tap, channel = step % steps_of_tap * DEPTH + piece * 8;
        bool inside = channel < s.segment;
        for (int i = 0; i < ROWS / 32; i++) {
            const T *cell = inside ? tapped(arena, s, windows[i], tap) : nullptr;
            copy_async(left + piece_of(line + 32 * i, piece), cell ? cell + group * s.segment + channel : arena, cell != nullptr);
        }
        for (int i = 0; i < COLUMNS / 32; i++) {
            int column = first_column + line + 32 * i;
            bool real = inside && column < s.columns;
            size_t at = ((size_t)(group * s.columns + column) * s.taps + tap) * s.segment + channel;
            copy_async(right + piece_of(line + 32 * i, piece), weights + (real ? at : 0), real);
        }
    };

    float sums[DOWN][ACROSS][4] = {};
    for (int step = 0; step < STAGES - 1; step++) {
        if (step < steps) copy(step);
        commit_copies();
    }
    int row_of_warp = warp / 2 * WARP_ROWS, column_of_warp = warp % 2 * WARP_COLUMNS;
    for (int step = 0; step < steps; step++) {
        copies_done<STAGES - 2>();
        // All have their copies of this step, and all are done with the stage that is written next.
        __syncthreads();
        if (step + STAGES - 1 < steps) copy(step + STAGES - 1);
        commit_copies();
        const T *left = shared + step % STAGES * STAGE, *right = left + ROWS * DEPTH;
        for (int half = 0; half < 2; half++) {
            u32 a[DOWN][4], b[ACROSS / 2][4];
            for (int i = 0; i < DOWN; i++) {
                load_matrices(a[i], left + piece_of(row_of_warp + i * 16 + lane % 16, half * 2 + lane / 16));
            }
            for (int j = 0; j < ACROSS / 2; j++) {
                int column = column_of_warp + j * 16 + lane / 16 * 8 + lane % 8;
                load_matrices(b[j], right + piece_of(column, half * 2 + lane / 8 % 2));
            }
            for (int i = 0; i < DOWN; i++) {
                for (int j = 0; j < ACROSS; j++) multiply_add(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
            }
        }
    }
    copies_done<0>();

    for (int i = 0; i < DOWN; i++) {
        for (int j = 0; j < ACROSS; j++) {
            for (int k = 0; k < 4; k++) {
                int row = first_row + row_of_warp + i * 16 + lane / 4 + k / 2 * 8;
                int column = first_column + column_of_warp + j * 8 + lane % 4 * 2 + k % 2, of = group * s.columns + column;
                if (row < s.rows && column < s.columns) put_product<SPREAD>(arena, s, finish, row, of, sums[i][j][k] + bias[of]);
            }
        }
    }
}
