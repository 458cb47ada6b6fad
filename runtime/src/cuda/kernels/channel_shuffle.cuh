// Channel i·C/g + j becomes channel j·g + i.
template <class S, class F> __device__ void channel_shuffle(T *arena, const S &s, F finish) {
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        int width = s.from_channels / s.groups;
        return from(arena, s, pixel, channel % s.groups * width + channel / s.groups);
    });
}
