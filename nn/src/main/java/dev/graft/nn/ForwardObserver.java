package dev.graft.nn;

/** Sees the calls of a module: see {@link Module#observe}. */
@FunctionalInterface
public interface ForwardObserver {

    /**
     * The module has been called. This runs on the thread of the call, before its caller gets the outputs, and on
     * several threads at once if they call the module. An exception ends the call.
     *
     * @param call its tensors are closed as if nobody had seen them. {@code call.output().alias().keep()} makes a
     *     second handle on the output, which you close yourself; after {@code retainGrad()} of it, its gradient is
     *     there after {@code backward}
     */
    void called(ForwardCall call);
}
