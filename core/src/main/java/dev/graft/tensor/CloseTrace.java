package dev.graft.tensor;

import dev.graft.cpu.run.Settings;

/**
 * Whether closed tensors remember the stack trace that closed them. It costs microseconds for each tensor, so it is off
 * by default.
 */
final class CloseTrace {
    static final boolean ON = Settings.ofJvm().traceClose();

    private CloseTrace() {}
}
