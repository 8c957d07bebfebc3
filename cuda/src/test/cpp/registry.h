// What a compiled kernel file and the engine know of each other. Kernel files see nothing else of the fake driver.
#pragma once

#include <stddef.h>

#include <type_traits>
#include <utility>

namespace hostsim {

// Called by the thread of a kernel that runs.
void waitForBlock();
void waitForWarp(unsigned mask);
unsigned long long exchange(unsigned mask, unsigned long long value, int lane);
unsigned ballot(unsigned mask, bool predicate);
int lane();

struct Argument {
    size_t bytes;
    size_t alignment;
    bool pointer;
};

struct Kernel {
    const char* name;
    void (*run)(void** arguments);
    const Argument* arguments;
    int count;
};

// One kernel file, or a mutant of it: variant 0 is the true text.
struct KernelFile {
    const char* name;
    int variant;
    const char* text;
    char* sharedStart;
    char* sharedEnd;
    const Kernel* kernels;
    int count;
};

void add(const KernelFile& file);

// How to call a kernel whose arguments lie anywhere in memory; a thread gets a copy of its own, as on the device.
template <auto F>
struct Call;

template <class... A, void (*F)(A...)>
struct Call<F> {
    static constexpr Argument ARGUMENTS[sizeof...(A) + 1] = {
        {sizeof(A), alignof(A), std::is_pointer_v<A>}..., {0, 1, false}};

    static void run(void** arguments) { run(arguments, std::index_sequence_for<A...>{}); }

    static constexpr Kernel kernel(const char* name) { return {name, &run, ARGUMENTS, (int) sizeof...(A)}; }

private:
    template <size_t... I>
    static void run(void** arguments, std::index_sequence<I...>) {
        F(*(std::remove_const_t<A>*) arguments[I]...);
    }
};

}  // namespace hostsim
