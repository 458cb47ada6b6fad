// exp(x) / Σ exp(x) along each pixel's channels.
template <class S, class F> __device__ void softmax(T *arena, const S &s, F finish) {
    each_pixel(s, [&](int pixel, int lane) {
        float greatest = -INFINITY;
        for (int channel = lane; channel < s.from_channels; channel += 32) {
            float x = from(arena, s, pixel, channel);
            greatest = x > greatest || x != x ? x : greatest;
        }
        greatest = warp_max(greatest);
        float sum = 0.0f;
        for (int channel = lane; channel < s.from_channels; channel += 32) sum += expf(from(arena, s, pixel, channel) - greatest);
        sum = warp_sum(sum);
        for (int channel = lane; channel < s.from_channels; channel += 32) {
            put(arena, s, finish, pixel, channel, expf(from(arena, s, pixel, channel) - greatest) / sum);
        }
    });
}
