// A convolution in which every channel is a group of its own; weights are floats `[taps, C]`.
template <class S, class F> __device__ void depthwise(T *arena, const char *constants, const S &s, F finish) {
    const float *weights = (const float *)(constants + s.weights_at), *bias = (const float *)(constants + s.bias_at);
    each_cell(arena, s, finish, [&](int pixel, int channel) {
        Position at = to_position(s, pixel);
        int top = at.row * s.stride_rows - s.padding_rows, left = at.column * s.stride_columns - s.padding_columns;
        float sum = 0.0f;
        for (int i = 0; i < s.kernel_rows; i++) {
            int row = top + i * s.dilation_rows;
            if (row < 0 || row >= s.from_rows) continue;
            for (int j = 0; j < s.kernel_columns; j++) {
                int column = left + j * s.dilation_columns;
                if (column < 0 || column >= s.from_columns) continue;
                float weight = weights[(size_t)(i * s.kernel_columns + j) * s.from_channels + channel];
                sum += weight * from(arena, s, from_pixel(s, at.image, row, column), channel);
            }
        }
        return sum + bias[channel];
    });
}
