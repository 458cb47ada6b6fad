// What every kernel is written in. Maps lie in memory as T, channels-last, and are floats in registers; a kernel gets the arena,
// the constants, the arrays of inputs and outputs, and sizes of its own.
//
// Without a CUDA compiler `host.h` stands before this file, and has the primitives as plain C++.

typedef unsigned short u16;
typedef unsigned int u32;

#ifdef __CUDACC__

// NVRTC has no headers.
#define INFINITY __int_as_float(0x7f800000)

__device__ inline float half_to_float(u16 bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}

__device__ inline u16 float_to_half(float x) {
    u16 bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}

__device__ inline float bfloat_to_float(u16 bits) { return __uint_as_float((u32)bits << 16); }

__device__ inline u16 float_to_bfloat(float x) {
    u32 pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(0.0f), "f"(x));
    return (u16)pair;
}

extern __shared__ __align__(128) char dynamic_shared[];

__device__ inline char *shared_memory() { return dynamic_shared; }

// Copies 16 bytes, or writes zeros, some time before `copies_done` of the group that they are committed to.
__device__ inline void copy_async(void *to, const void *from, bool inside) {
    u32 address = (u32)__cvta_generic_to_shared(to);
    int bytes = inside ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(bytes) : "memory");
}

__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most N groups of this thread's copies are under way.
template <int N> __device__ inline void copies_done() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// Four matrices of 8 × 8 halves: lane i gives the address of row i % 8 of matrix i / 8, and gets two neighbours of row i / 4 of each.
__device__ inline void load_matrices(u32 (&to)[4], const void *row) {
    u32 address = (u32)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address)
                 : "memory");
}

// Adds the product of a 16 × 16 and a 16 × 8 matrix of T, in PTX's order of fragments.
__device__ inline void multiply_add(float (&sum)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#if TYPE == 1
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#endif
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#define KERNEL(NAME, THREADS, SIZES)                                                     \
    extern "C" __global__ void __launch_bounds__(THREADS)                                \
        NAME(T *arena, const char *weights, const char *tables, float *arrays, SIZES s)

#endif

#if TYPE == 0
typedef float T;
__device__ inline float read(const T *from) { return *from; }
__device__ inline void write(T *to, float x) { *to = x; }
#elif TYPE == 1
typedef u16 T;
__device__ inline float read(const T *from) { return half_to_float(*from); }
__device__ inline void write(T *to, float x) { *to = float_to_half(x); }
#else
typedef u16 T;
__device__ inline float read(const T *from) { return bfloat_to_float(*from); }
__device__ inline void write(T *to, float x) { *to = float_to_bfloat(x); }
#endif

// Activations; a NaN stays one.
__device__ inline float relu(float x) { return x < 0.0f ? 0.0f : x; }
__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
__device__ inline float silu(float x) { return x / (1.0f + expf(-x)); }
__device__ inline float gelu(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f)); }
__device__ inline float hard_sigmoid(float x) {
    float y = x / 6.0f + 0.5f;
    return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
}
__device__ inline float hard_swish(float x) { return x * hard_sigmoid(x); }

// An image, row and column.
struct Position {
    int image, row, column;
};

__device__ inline Position position(int pixel, int rows, int columns) {
    int line = pixel / columns;
    return {line / rows, line % rows, pixel % columns};
}

// A cell of the first operand.
template <class S> __device__ inline float from(const T *arena, const S &s, int pixel, int channel) {
    return read(arena + s.from_at + (size_t)pixel * s.from_pitch + channel);
}

template <class S> __device__ inline int from_pixel(const S &s, int image, int row, int column) {
    return (image * s.from_rows + row) * s.from_columns + column;
}

template <class S> __device__ inline Position to_position(const S &s, int pixel) {
    return position(pixel, s.to_rows, s.to_columns);
}

// The cell of a map of other sizes that is nearest to a pixel of the result, as `resize_nearest` has it.
template <class S> __device__ inline float nearest(const T *map, int pitch, int rows, int columns, const S &s, int pixel, int channel) {
    Position at = to_position(s, pixel);
    size_t of = ((size_t)at.image * rows + at.row * rows / s.to_rows) * columns + at.column * columns / s.to_columns;
    return read(map + of * pitch + channel);
}

// Finishes and writes a cell of the result.
template <class S, class F> __device__ inline void put(T *arena, const S &s, F finish, int pixel, int channel, float x) {
    write(arena + s.to_at + (size_t)pixel * s.to_pitch + channel, finish(x, pixel, channel));
}

// Every cell of the result, a thread each.
template <class S, class F, class V> __device__ inline void each_cell(T *arena, const S &s, F finish, V value) {
    u32 cells = (u32)s.to_pixels * s.to_channels;
    for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < cells; i += gridDim.x * blockDim.x) {
        int pixel = i / s.to_channels, channel = i % s.to_channels;
        put(arena, s, finish, pixel, channel, value(pixel, channel));
    }
}

__device__ inline float warp_sum(float x) {
    for (int lane = 16; lane > 0; lane /= 2) x += __shfl_xor_sync(0xffffffffu, x, lane);
    return x;
}

__device__ inline float warp_max(float x) {
    for (int lane = 16; lane > 0; lane /= 2) {
        float other = __shfl_xor_sync(0xffffffffu, x, lane);
        x = other > x || other != other ? other : x;
    }
    return x;
}

// Every pixel of the result, a warp each; all lanes of a warp do the same rounds.
template <class S, class B> __device__ inline void each_pixel(const S &s, B body) {
    int warps = gridDim.x * blockDim.x / 32, lane = threadIdx.x % 32;
    for (int pixel = (blockIdx.x * blockDim.x + threadIdx.x) / 32; pixel < s.to_pixels; pixel += warps) body(pixel, lane);
}

// The sum over a block; `scratch` holds a float a warp, and all threads get the same bits.
__device__ inline float block_sum(float x, float *scratch) {
    x = warp_sum(x);
    __syncthreads();
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = x;
    __syncthreads();
    float sum = 0.0f;
    for (u32 warp = 0; warp < blockDim.x / 32; warp++) sum += scratch[warp];
    return sum;
}
