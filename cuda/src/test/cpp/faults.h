// Turns a kernel's access to memory that is not its own, or its division by zero, from the death of the JVM into an error.
#pragma once

namespace hostsim {

// From now on signals of this thread go to `handler`, with a sentence on what happened; null ends it.
// The handler runs on the stack of the faulting code and must not return.
void watchFaults(void (*handler)(const char* what));

}  // namespace hostsim
