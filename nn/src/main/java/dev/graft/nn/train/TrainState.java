package dev.graft.nn.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Everything that changes during training, outside model and optimizer; a checkpoint keeps it. */
final class TrainState {
    /** Different for each run; the files of a run contain it. */
    String run = "";
    /** The caller's name for this run, such as a hash of data and settings. */
    String identity = "";

    RunSettings settings = new RunSettings(1, "", "", "");
    /** How a resumed run differs from the one that wrote the checkpoint, where this is allowed. */
    Optional<String> changed = Optional.empty();
    /** The trained parameters when the run began, and what was frozen then; callbacks may unfreeze more. */
    List<String> trained = List.of();

    FrozenParts frozen = new FrozenParts(Map.of(), List.of());
    /** Whether a callback has ended the training, as of the end of its epoch. */
    boolean stopped;
    /** The current or next epoch, from 1, and how many of its batches are done. */
    int epoch = 1;

    int batch;
    /** Optimizer steps since the first epoch began. */
    long steps;
    /** Sums over this epoch's examples so far. */
    double lossSum;

    double lossWeight;
    /** Correct predictions among the labels that count; -1 if there are no predictions. */
    long right;

    long judged;
    long seen;
    double seconds;
    /**
     * The learning rate of the last step. Until its first step, a resumed optimizer has the schedule's initial rate.
     */
    double learningRate = Double.NaN;

    OptionalInt bestEpoch = OptionalInt.empty();
    double bestScore = Double.NaN;
    final List<EpochResult> history = new ArrayList<>();

    void beginEpoch(int next) {
        epoch = next;
        batch = 0;
        lossSum = 0;
        lossWeight = 0;
        right = 0;
        judged = 0;
        seen = 0;
        seconds = 0;
    }
}
