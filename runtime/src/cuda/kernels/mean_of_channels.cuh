// The mean of each pixel's channels.
template <class S, class F> __device__ void mean_of_channels(T *arena, const S &s, F finish) {
    each_pixel(s, [&](int pixel, int lane) {
        float sum = 0.0f;
        for (int channel = lane; channel < s.from_channels; channel += 32) sum += from(arena, s, pixel, channel);
        sum = warp_sum(sum) / s.from_channels;
        if (lane == 0) put(arena, s, finish, pixel, 0, sum);
    });
}
