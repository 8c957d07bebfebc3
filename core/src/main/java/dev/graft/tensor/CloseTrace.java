package dev.graft.tensor;

/**
 * Whether closed tensors remember the stack that closed them; costs microseconds a tensor, so it is off unless asked
 * for.
 */
final class CloseTrace {
    static final boolean ON = Boolean.getBoolean("graft.traceClose");

    private CloseTrace() {}
}
