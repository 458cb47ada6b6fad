// Σ wₖ·xₖ, of operands whose places are told by `operand`.
template <int COUNT, class S, class F, class O>
__device__ void weighted_sum(T *arena, const char *constants, const S &s, F finish, O operand) {
    const float *factors = (const float *)(constants + s.factors_at);
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        float sum = 0.0f;
        for (int k = 0; k < COUNT; k++) sum += factors[k] * read(operand(k, pixel) + channel);
        return sum;
    });
}
