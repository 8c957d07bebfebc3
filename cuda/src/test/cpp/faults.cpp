#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "memory.h"

namespace hostsim {
namespace {

void (*watcher)(const char*) = nullptr;
pthread_t watched;
struct sigaction previous[NSIG];
char sentence[400];

// The JVM uses these signals too (null checks, safepoints), in threads that are not ours: they get theirs.
void passOn(int signal, siginfo_t* info, void* context) {
    const struct sigaction& before = previous[signal];
    if (before.sa_flags & SA_SIGINFO) before.sa_sigaction(signal, info, context);
    else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) sigaction(signal, &before, nullptr);
    else before.sa_handler(signal);
}

void handle(int signal, siginfo_t* info, void* context) {
    if (watcher == nullptr || !pthread_equal(watched, pthread_self())) {
        passOn(signal, info, context);
        return;
    }
    if (signal == SIGFPE) {
        watcher("an integer is divided by zero");
    } else {
        // Bit 1 of the page fault's error code: the access was a write.
        bool write = (((ucontext_t*) context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
        snprintf(sentence, sizeof sentence, "%s %s", write ? "a write to" : "a read of",
                 fake::describe((unsigned long long) info->si_addr));
        watcher(sentence);
    }
}

void install() {
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE}) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_sigaction = handle;
        // The handler does not return when it was a kernel's fault, so its signal must not stay blocked.
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART;
        sigaction(signal, &action, &previous[signal]);
    }
}

}  // namespace

void watchFaults(void (*handler)(const char* what)) {
    static bool installed = (install(), true);
    (void) installed;
    watched = pthread_self();
    watcher = handler;
}

}  // namespace hostsim
