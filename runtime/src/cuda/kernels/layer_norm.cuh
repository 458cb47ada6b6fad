// (x − mean) / √(var + eps) · weight + bias with the statistics of each pixel's channels, the variance of the differences.
template <class S, class F> __device__ void layer_norm(T *arena, const char *constants, const S &s, float eps, F finish) {
    const float *scale = (const float *)(constants + s.scale_at), *shift = (const float *)(constants + s.shift_at);
    each_pixel(s, [&](int pixel, int lane) {
        float sum = 0.0f;
        for (int channel = lane; channel < s.from_channels; channel += 32) sum += from(arena, s, pixel, channel);
        float mean = warp_sum(sum) / s.from_channels;
        float squares = 0.0f;
        for (int channel = lane; channel < s.from_channels; channel += 32) {
            float x = from(arena, s, pixel, channel) - mean;
            squares += x * x;
        }
        float inverse = 1.0f / sqrtf(warp_sum(squares) / s.from_channels + eps);
        for (int channel = lane; channel < s.from_channels; channel += 32) {
            float x = (from(arena, s, pixel, channel) - mean) * inverse;
            put(arena, s, finish, pixel, channel, x * scale[channel] + shift[channel]);
        }
    });
}
