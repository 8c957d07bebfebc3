package dev.graft.tensor;

import dev.graft.cpu.run.Settings;

/**
 * Whether closed tensors remember the stack that closed them; costs microseconds a tensor, so it is off unless asked
 * for.
 */
final class CloseTrace {
    static final boolean ON = Settings.ofJvm().traceClose();

    private CloseTrace() {}
}
