// CUDA on a processor, for tests: every thread of a block is a fiber, blocks run one after the other. A barrier, and a shuffle among
// the lanes of a warp, hand over to other fibers until all have come. Shared memory is poisoned before each block, and copies that
// are under way land only when they are waited for, so what is read too early is not a number.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define __device__
#define __global__
#define __launch_bounds__(...)
#define __restrict__
using std::max;
using std::min;

struct dim3 {
    unsigned x, y, z;
};

namespace host {

enum State { Ready, AtBarrier, AtWarp, Done };

struct Copy {
    void *to;
    char bytes[16];
    int group;
};

struct Fiber {
    void *stack_pointer;
    State state;
    dim3 thread;
    std::vector<Copy> copies;
    int committed;
    // What it gives to the others of its warp, and where it waits.
    const void *given;
    int place;
};

extern "C" void neckar_switch(void **from, void *to);
asm(R"(
.text
.globl neckar_switch
.hidden neckar_switch
neckar_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");

static const size_t STACK = 64 << 10;
static std::vector<Fiber> fibers;
static std::vector<char> stacks, shared;
static void *scheduler;
static int current;
static dim3 block, blocks, block_size;
static void (*body)(void *);
static void *argument;
static const char *failure;
// 0 runs warps and their lanes in order, 1 in reverse, others in an order drawn from the number.
static unsigned order_seed;

inline Fiber &self() { return fibers[current]; }

inline void fail(const char *why) {
    if (!failure) failure = why;
}

inline void yield() { neckar_switch(&self().stack_pointer, scheduler); }

inline void fiber_main() {
    body(argument);
    self().state = Done;
    yield();
    abort();
}

inline void barrier() {
    self().state = AtBarrier;
    yield();
}

// Comes together with the other lanes of the warp; `place` tells collectives apart.
inline void meet(int place) {
    self().place = place;
    self().state = AtWarp;
    yield();
}

// Comes together to read what each gives. It has to stay until all `meet` again.
inline void give(const void *given, int place) {
    self().given = given;
    meet(place);
}

inline const void *given_by(int lane) { return fibers[current / 32 * 32 + lane].given; }

// Numbers below `count` in the order that the seed asks for.
inline std::vector<int> ordered(unsigned count) {
    std::vector<int> order(count);
    for (unsigned i = 0; i < count; i++) order[i] = order_seed == 1 ? count - 1 - i : i;
    if (order_seed <= 1) return order;
    unsigned draw = order_seed;
    for (unsigned i = count - 1; i > 0; i--) {
        draw = draw * 1664525u + 1013904223u;
        std::swap(order[i], order[(draw >> 8) % (i + 1)]);
    }
    return order;
}

// Runs the lanes of a warp until each has ended or waits at a barrier: a warp gets as far ahead of the others as it can.
inline void run_warp(unsigned first, unsigned last) {
    std::vector<int> order = ordered(last - first);
    while (!failure) {
        for (int lane : order) {
            if (fibers[first + lane].state != Ready) continue;
            current = first + lane;
            neckar_switch(&scheduler, fibers[current].stack_pointer);
        }
        unsigned here = 0;
        for (unsigned i = first; i < last; i++) here += fibers[i].state == AtWarp;
        if (here == 0) return;
        if (here != last - first) return fail("some lanes of a warp shuffle without the others");
        for (unsigned i = first; i < last; i++) {
            if (fibers[i].place != fibers[first].place) return fail("lanes of a warp are at different shuffles");
            fibers[i].state = Ready;
        }
    }
}

inline void run_block() {
    unsigned count = block_size.x * block_size.y * block_size.z;
    fibers.assign(count, Fiber());
    stacks.resize(count * STACK);
    // Quiet NaNs as floats and as either kind of half.
    memset(shared.data(), 0xff, shared.size());
    for (unsigned i = 0; i < count; i++) {
        Fiber &fiber = fibers[i];
        fiber.state = Ready;
        fiber.thread = {i % block_size.x, i / block_size.x % block_size.y, i / block_size.x / block_size.y};
        // The stack as `neckar_switch` leaves it: six registers, then where it returns to, aligned as after a call.
        void **top = (void **)(((uintptr_t)&stacks[(i + 1) * STACK] & ~(uintptr_t)15) - 8);
        *--top = (void *)fiber_main;
        for (int j = 0; j < 6; j++) *--top = nullptr;
        fiber.stack_pointer = top;
    }
    std::vector<int> warps = ordered((count + 31) / 32);
    while (!failure) {
        for (int warp : warps) run_warp(warp * 32, std::min(warp * 32 + 32u, count));
        unsigned done = 0, waiting = 0;
        for (Fiber &fiber : fibers) {
            done += fiber.state == Done;
            waiting += fiber.state == AtBarrier;
        }
        if (done == count) return;
        if (waiting != count) return fail("some threads of a block wait at a barrier that others do not reach");
        for (Fiber &fiber : fibers) fiber.state = Ready;
    }
}

// Runs a kernel; what went wrong, or null.
inline const char *launch(void (*kernel)(void *), void *with, const unsigned *grid, unsigned threads, unsigned bytes, unsigned seed) {
    body = kernel;
    argument = with;
    blocks = {grid[0], grid[1], grid[2]};
    block_size = {threads, 1, 1};
    order_seed = seed;
    failure = nullptr;
    shared.assign(bytes + 128, 0);
    for (block.z = 0; block.z < blocks.z; block.z++) {
        for (block.y = 0; block.y < blocks.y; block.y++) {
            for (block.x = 0; block.x < blocks.x && !failure; block.x++) run_block();
        }
    }
    return failure;
}

}  // namespace host

#define threadIdx (host::self().thread)
#define blockIdx (host::block)
#define blockDim (host::block_size)
#define gridDim (host::blocks)

inline void __syncthreads() { host::barrier(); }

inline float __shfl_xor_sync(unsigned, float x, int mask) {
    float mine = x;
    host::give(&mine, 1);
    float other = *(const float *)host::given_by((host::current % 32) ^ mask);
    host::meet(2);
    return other;
}

inline char *shared_memory() { return (char *)(((uintptr_t)host::shared.data() + 127) & ~(uintptr_t)127); }

inline float half_to_float(uint16_t bits) {
    _Float16 half;
    memcpy(&half, &bits, 2);
    return (float)half;
}

inline uint16_t float_to_half(float x) {
    _Float16 half = (_Float16)x;
    uint16_t bits;
    memcpy(&bits, &half, 2);
    return bits;
}

inline float bfloat_to_float(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, 4);
    return x;
}

inline uint16_t float_to_bfloat(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if (x != x) return 0x7fff;
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline void copy_async(void *to, const void *from, bool inside) {
    if ((uintptr_t)to % 16 || (inside && (uintptr_t)from % 16)) host::fail("a copy of 16 bytes is not aligned to them");
    host::Copy copy = {to, {}, host::self().committed};
    if (inside) memcpy(copy.bytes, from, 16);
    host::self().copies.push_back(copy);
}

inline void commit_copies() { host::self().committed++; }

template <int N> inline void copies_done() {
    host::Fiber &fiber = host::self();
    std::vector<host::Copy> later;
    for (host::Copy &copy : fiber.copies) {
        if (copy.group < fiber.committed - N) memcpy(copy.to, copy.bytes, 16);
        else later.push_back(copy);
    }
    fiber.copies.swap(later);
}

inline void load_matrices(unsigned (&to)[4], const void *row) {
    if ((uintptr_t)row % 16) host::fail("a row of a matrix is not aligned to 16 bytes");
    const void *mine = row;
    host::give(&mine, 3);
    int lane = host::current % 32;
    for (int matrix = 0; matrix < 4; matrix++) {
        const char *from = *(const char *const *)host::given_by(matrix * 8 + lane / 4);
        memcpy(&to[matrix], from + lane % 4 * 4, 4);
    }
    host::meet(4);
}

#if TYPE != 0
inline float term_of(unsigned pair, int high) {
    uint16_t bits = (uint16_t)(high ? pair >> 16 : pair);
#if TYPE == 1
    return half_to_float(bits);
#else
    return bfloat_to_float(bits);
#endif
}

// As PTX has the fragments of mma.m16n8k16: rows of A in registers 0 and 2 are lane / 4, in 1 and 3 those eight further; columns of
// 0 and 1 are lane % 4 · 2 on, of 2 and 3 those eight further; B and the sums accordingly.
inline void multiply_add(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    unsigned mine[6] = {a[0], a[1], a[2], a[3], b0, b1};
    host::give(mine, 5);
    int lane = host::current % 32;
    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        float total = sum[i];
        for (int k = 0; k < 16; k++) {
            const unsigned *left = (const unsigned *)host::given_by(row % 8 * 4 + k % 8 / 2);
            const unsigned *right = (const unsigned *)host::given_by(column * 4 + k % 8 / 2);
            total += term_of(left[row / 8 + k / 8 * 2], k % 2) * term_of(right[4 + k / 8], k % 2);
        }
        sum[i] = total;
    }
    host::meet(6);
}
#endif

// A kernel, and a function that launches it: a null pointer where all went well, or what went wrong.
#define KERNEL(NAME, THREADS, SIZES)                                                                             \
    static void NAME##_body(T *, const char *, const char *, float *, SIZES);                                     \
    struct NAME##_arguments {                                                                                     \
        T *arena;                                                                                                 \
        const char *weights, *tables;                                                                             \
        float *arrays;                                                                                            \
        SIZES sizes;                                                                                              \
    };                                                                                                            \
    static void NAME##_call(void *with) {                                                                         \
        NAME##_arguments &a = *(NAME##_arguments *)with;                                                          \
        NAME##_body(a.arena, a.weights, a.tables, a.arrays, a.sizes);                                             \
    }                                                                                                             \
    extern "C" const char *NAME(void *arena, const char *weights, const char *tables, float *arrays,              \
                                const void *sizes, const unsigned *grid, unsigned threads, unsigned shared,       \
                                unsigned seed) {                                                                  \
        if (threads != THREADS) return "the kernel is made for another number of threads";                        \
        NAME##_arguments with = {(T *)arena, weights, tables, arrays, *(const SIZES *)sizes};                     \
        return host::launch(NAME##_call, &with, grid, threads, shared, seed);                                     \
    }                                                                                                             \
    static void NAME##_body(T *arena, const char *weights, const char *tables, float *arrays, SIZES s)
