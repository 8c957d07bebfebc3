#include "engine.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "faults.h"

// What a kernel sees of its place; the engine sets it whenever another thread goes on.
uint3 threadIdx, blockIdx, blockDim, gridDim;

// Saves the registers that a call must keep and goes on where `to` stopped. setjmp would do, but is four times slower.
extern "C" void hostsim_switch(void** from, void* to);
asm(R"(
.text
.p2align 4
.hidden hostsim_switch
.globl hostsim_switch
.type hostsim_switch, @function
hostsim_switch:
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
.size hostsim_switch, .-hostsim_switch
)");

namespace hostsim {
namespace {

const int MOST_THREADS = 1024;
const int WARP = 32;
const size_t STACK = 256 << 10;
const size_t PAGE = 4096;

enum State : uint8_t { FRESH, READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER, DONE };

struct Thread {
    State state;
    int fiber;
    unsigned exchanges;  // in which the thread has taken part
};

// A fiber runs one thread after another for as long as they meet no barrier: such kernels need no switch at all.
struct Fiber {
    char* stack;
    void* at;
};

Thread threads[MOST_THREADS];
uint3 places[MOST_THREADS];
unsigned long long slots[2][MOST_THREADS];
int aliveOf[MOST_THREADS / WARP], waitingOf[MOST_THREADS / WARP];
int count, alive, atBlockBarrier, current, currentFiber;
int list[MOST_THREADS], listed, position;  // the threads that the scheduler lets run now, in order
int shuffled[MOST_THREADS];
uint64_t random = 88172645463325252ull;
int theOrder = FORWARD;

std::vector<Fiber> fibers;
std::vector<int> freeFibers;
void* scheduler;

const Kernel* kernel;
void** kernelArguments;
const char* wrong;

std::vector<const KernelFile*>& registered() {
    static std::vector<const KernelFile*> all;
    return all;
}

void go(int thread) {
    current = thread;
    threadIdx = places[thread];
}

void releaseWarp(int warp) {
    if (waitingOf[warp] == 0 || waitingOf[warp] < aliveOf[warp]) return;
    for (int i = warp * WARP; i < std::min(count, (warp + 1) * WARP); i++)
        if (threads[i].state == AT_WARP_BARRIER) threads[i].state = READY;
    waitingOf[warp] = 0;
}

void toScheduler() {
    hostsim_switch(&fibers[currentFiber].at, scheduler);
}

void runThreads() {
    for (;;) {
        kernel->run(kernelArguments);
        int warp = current / WARP;
        threads[current].state = DONE;
        alive--;
        aliveOf[warp]--;
        releaseWarp(warp);
        if (position < listed && threads[list[position]].state == FRESH) {
            int next = list[position++];
            threads[next].fiber = currentFiber;
            go(next);
        } else {
            freeFibers.push_back(currentFiber);
            toScheduler();
        }
    }
}

void prepare(Fiber& fiber) {
    // As hostsim_switch leaves a stack: six registers, the address to go on at. One more word, as a call would have pushed,
    // aligns the stack the way compiled code expects.
    void** top = (void**) (fiber.stack + STACK) - 2;
    top[0] = (void*) runThreads;
    top[1] = nullptr;
    memset(top - 6, 0, 6 * sizeof(void*));
    fiber.at = top - 6;
}

int freeFiber() {
    if (freeFibers.empty()) {
        // The page below a stack stays inaccessible: a kernel that needs more stack is stopped, and nothing else is overwritten.
        char* memory = (char*) mmap(nullptr, STACK + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory + PAGE, STACK, PROT_READ | PROT_WRITE) != 0) {
            perror("fake CUDA: no memory for a fiber");
            abort();
        }
        fibers.push_back({memory + PAGE, nullptr});
        prepare(fibers.back());
        return (int) fibers.size() - 1;
    }
    int fiber = freeFibers.back();
    freeFibers.pop_back();
    return fiber;
}

// A fiber that is abandoned in the midst of a kernel begins anew; kernels have no destructors that would miss their turn.
void abandonFibers() {
    freeFibers.clear();
    for (int i = 0; i < (int) fibers.size(); i++) {
        prepare(fibers[i]);
        freeFibers.push_back(i);
    }
}

void runListed() {
    for (position = 0; position < listed && wrong == nullptr;) {
        Thread& thread = threads[list[position++]];
        if (thread.state == FRESH) thread.fiber = freeFiber();
        go((int) (&thread - threads));
        currentFiber = thread.fiber;
        hostsim_switch(&scheduler, fibers[currentFiber].at);
    }
}

// Lets all threads of a range run once, as far as their next barrier. False if none could.
bool runOnce(int from, int to, bool backward) {
    listed = 0;
    for (int k = from; k < to; k++) {
        int i = theOrder == SHUFFLED ? shuffled[k] : backward ? from + to - 1 - k : k;
        if (threads[i].state <= READY) list[listed++] = i;
    }
    runListed();
    return listed > 0;
}

bool runWarps(bool backward) {
    bool any = false;
    int warps = (count + WARP - 1) / WARP;
    for (int k = 0; k < warps; k++) {
        int warp = backward ? warps - 1 - k : k;
        while (wrong == nullptr && runOnce(warp * WARP, std::min(count, (warp + 1) * WARP), backward)) any = true;
    }
    return any;
}

void releaseBlock() {
    // CUDA leaves undefined what a barrier does that some threads never reach, those that have returned included.
    if (alive < count) {
        wrong = "a barrier that some threads of the block never reach, because they have returned";
        return;
    }
    for (int i = 0; i < count; i++) threads[i].state = READY;
    atBlockBarrier = 0;
}

void shuffle() {
    for (int i = 0; i < count; i++) shuffled[i] = i;
    for (int i = count - 1; i > 0; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::swap(shuffled[i], shuffled[random % (i + 1)]);
    }
}

void runBlock() {
    for (int i = 0; i < count; i++) threads[i] = {FRESH, -1, 0};
    for (int w = 0; w * WARP < count; w++) {
        aliveOf[w] = std::min(WARP, count - w * WARP);
        waitingOf[w] = 0;
    }
    alive = count;
    atBlockBarrier = 0;
    if (theOrder == SHUFFLED) shuffle();
    bool backward = theOrder == BACKWARD || theOrder == WARPS_BACKWARD;
    while (alive > 0 && wrong == nullptr) {
        bool any = theOrder >= WARPS_FORWARD ? runWarps(backward) : runOnce(0, count, backward);
        if (wrong != nullptr || any) continue;
        if (alive == 0) return;
        if (atBlockBarrier == alive) releaseBlock();
        else wrong = "threads of one block or warp wait at different barriers";
    }
}

[[noreturn]] void stop(const char* what) {
    wrong = what;
    toScheduler();
    abort();
}

// Comes from the signal handler, on the fiber's stack: the thread that did it never goes on.
void fault(const char* what) {
    stop(what);
}

std::string where(const char* name) {
    char text[1000];
    snprintf(text, sizeof text, "kernel %s, block (%u, %u, %u), thread (%u, %u, %u): %s", name, blockIdx.x, blockIdx.y,
             blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, wrong);
    return text;
}

void place(uint3 block) {
    blockDim = block;
    count = (int) (block.x * block.y * block.z);
    int i = 0;
    for (unsigned z = 0; z < block.z; z++)
        for (unsigned y = 0; y < block.y; y++)
            for (unsigned x = 0; x < block.x; x++) places[i++] = {x, y, z};
}

}  // namespace

void waitForBlock() {
    threads[current].state = AT_BLOCK_BARRIER;
    atBlockBarrier++;
    toScheduler();
}

void waitForWarp(unsigned mask) {
    if (mask != 0xffffffffu) stop("__syncwarp or a shuffle of a part of a warp, which the fake driver does not model");
    int warp = current / WARP;
    threads[current].state = AT_WARP_BARRIER;
    waitingOf[warp]++;
    releaseWarp(warp);
    toScheduler();
}

// Two rows of slots in turn: a lane can write to a row again only when all have passed the exchange in between, so one
// barrier an exchange is enough.
static unsigned long long* offer(unsigned mask, unsigned long long value) {
    unsigned long long* row = slots[++threads[current].exchanges & 1];
    row[current] = value;
    waitForWarp(mask);
    return row;
}

// Whether the thread, which may have returned since or may not be at all, took part in the exchange of this one.
static bool offered(int thread) {
    return thread < count && threads[thread].exchanges >= threads[current].exchanges;
}

unsigned long long exchange(unsigned mask, unsigned long long value, int lane) {
    unsigned long long* row = offer(mask, value);
    if (lane < 0 || lane >= WARP) return value;
    int other = (current & ~(WARP - 1)) + lane;
    // What a lane that was not there would give is undefined: NaN, or -1.
    return offered(other) ? row[other] : ~0ull;
}

unsigned ballot(unsigned mask, bool predicate) {
    unsigned long long* row = offer(mask, predicate);
    unsigned votes = 0;
    int first = current & ~(WARP - 1);
    for (int i = 0; i < WARP; i++)
        if (offered(first + i) && row[first + i] != 0) votes |= 1u << i;
    return votes;
}

int lane() {
    return current & (WARP - 1);
}

void order(int order) {
    theOrder = order;
}

int order() {
    return theOrder;
}

void add(const KernelFile& file) {
    registered().push_back(&file);
}

const std::vector<const KernelFile*>& files() {
    return registered();
}

std::string launch(const Kernel& toRun, const KernelFile& file, void** arguments, uint3 grid, uint3 block) {
    kernel = &toRun;
    kernelArguments = arguments;
    wrong = nullptr;
    gridDim = grid;
    place(block);
    watchFaults(fault);
    for (unsigned z = 0; z < grid.z && wrong == nullptr; z++)
        for (unsigned y = 0; y < grid.y && wrong == nullptr; y++)
            for (unsigned x = 0; x < grid.x && wrong == nullptr; x++) {
                blockIdx = {x, y, z};
                // Shared memory that nobody has written reads as NaN.
                memset(file.sharedStart, 0xff, (size_t) (file.sharedEnd - file.sharedStart));
                runBlock();
            }
    watchFaults(nullptr);
    if (wrong == nullptr) return "";
    std::string what = where(toRun.name);
    abandonFibers();
    return what;
}

}  // namespace hostsim
