// Each pixel's channels divided by max(their Euclidean norm, eps).
template <class S, class F> __device__ void l2_normalize(T *arena, const S &s, float eps, F finish) {
    each_pixel(s, [&](int pixel, int lane) {
        float sum = 0.0f;
        for (int channel = lane; channel < s.from_channels; channel += 32) {
            float x = from(arena, s, pixel, channel);
            sum += x * x;
        }
        float norm = sqrtf(warp_sum(sum));
        norm = norm < eps ? eps : norm;
        for (int channel = lane; channel < s.from_channels; channel += 32) {
            put(arena, s, finish, pixel, channel, from(arena, s, pixel, channel) / norm);
        }
    });
}
