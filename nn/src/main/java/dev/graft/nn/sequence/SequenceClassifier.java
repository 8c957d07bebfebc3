package dev.graft.nn.sequence;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Flatten;
import dev.graft.nn.layer.LeakyReLU;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/**
 * Classes of whole sequences: the body of a {@link DilatedResNet} and a head. {@code [N, 4, L + context]} to logits
 * {@code [N, classes]}.
 *
 * <pre>{@code
 * DilatedResNet body = DilatedResNet.read(Path.of("model_80nt_rs10.pt"));
 * SequenceClassifier network = new SequenceClassifier(body, SequenceClassifier.Head.POOLED, 81, 2, random);
 * }</pre>
 */
public final class SequenceClassifier extends Module {
    private static final float DROPOUT = 0.2f;
    /** Channels that the head keeps of each position. */
    private static final int KEPT = 8;

    private final DilatedResNet body;
    private final Module head;
    private final Head kind;
    private final int length;

    /** What the head sees of the body's channels. */
    public enum Head {
        /** Their mean, their maximum, and those of the two positions in the middle. */
        POOLED,
        /** All positions: for sequences that are aligned. */
        POSITIONS
    }

    /**
     * A new head on a body, which this takes over.
     *
     * @param length the sequences' length without the context
     */
    public SequenceClassifier(DilatedResNet body, Head kind, int length, int classes, RandomGenerator random) {
        this.body = body;
        this.kind = kind;
        this.length = length;
        int channels = body.channels();
        this.head = kind == Head.POOLED
                ? new Sequential(
                        new BatchNorm1d(4 * channels),
                        new Dropout(DROPOUT, random),
                        new Linear(4 * channels, classes, random))
                : new Sequential(
                        new BatchNorm1d(channels),
                        new Conv1d(channels, KEPT, 1, random),
                        new LeakyReLU(),
                        new Flatten(),
                        new Dropout(DROPOUT, random),
                        new Linear(KEPT * length, classes, random));
    }

    /** The body. */
    public DilatedResNet body() {
        return body;
    }

    /** What the head sees of the body. */
    public Head kind() {
        return kind;
    }

    /** The length of its sequences, without the context. */
    public int length() {
        return length;
    }

    /** What the head sees: {@code [N, 4 * channels]}, or {@code [N, channels, L]} with all positions. */
    public Tensor features(Tensor x) {
        return inUse(() -> seen(x));
    }

    private Tensor seen(Tensor x) {
        Tensor y = body.features(x);
        if (kind == Head.POSITIONS) {
            return y;
        }
        int middle = y.dim(2) / 2;
        return Tensor.concat(1, y.mean(2), y.amax(2), y.select(2, Math.max(0, middle - 1)), y.select(2, middle));
    }

    /** The head's answer to {@link #features}. */
    Module head() {
        return head;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return head.forward(seen(x));
    }
}
