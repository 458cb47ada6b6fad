// `[B, M, K]` times `[B, K, N]`: channels are the M and K of the operands, their rows the K and N.
template <class S, class F> __device__ void matmul(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        int image = pixel / s.to_rows, column = pixel % s.to_rows;
        const T *right = arena + s.right_at + ((size_t)image * s.right_rows + column) * s.right_pitch;
        float sum = 0.0f;
        for (int k = 0; k < s.from_rows; k++) sum += from(arena, s, image * s.from_rows + k, channel) * read(right + k);
        return sum;
    });
}
