package dev.graft.benchmarks.peers;

/**
 * What both sides do.
 *
 * @param model {@code resnet18} or {@code efficientnet_lite0}
 * @param mode {@code inference}; {@code train}: forward, cross-entropy, backward, SGD with momentum; {@code frozen}:
 *     the same with only the head trained and batch norm in evaluation mode
 * @param size height and width of the images
 */
record Task(String model, String mode, int batch, int size) {
    /** Of ImageNet. */
    static final int SIZE = 224;
    /**
     * So small that the loss stays where it is: with one batch learnt by heart the gradients would vanish into denormal
     * numbers, which cost the sides differently.
     */
    static final double LEARNING_RATE = 1e-7;

    boolean inference() {
        return mode.equals("inference");
    }

    boolean frozen() {
        return mode.equals("frozen");
    }

    int classes() {
        return frozen() ? 2 : 1000;
    }
}
