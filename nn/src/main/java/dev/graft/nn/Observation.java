package dev.graft.nn;

/** An observer's registration; closing it ends it, at once and from any thread. Closing twice has no effect. */
public final class Observation implements AutoCloseable {
    private final Module module;
    private final ForwardObserver observer;

    Observation(Module module, ForwardObserver observer) {
        this.module = module;
        this.observer = observer;
    }

    ForwardObserver observer() {
        return observer;
    }

    @Override
    public void close() {
        module.endObservation(this);
    }
}
