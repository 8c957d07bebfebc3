package dev.graft.nn.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Everything that changes while training, outside model and optimizer; a checkpoint keeps it. */
final class TrainState {
    /** Different for each run; files that a run leaves carry it. */
    String run = "";
    /** What the caller calls this run, such as a hash of data and settings. */
    String identity = "";

    RunSettings settings = new RunSettings(1, "", "", "");
    /** How a resumed run differs from the one that wrote the checkpoint, where it may. */
    Optional<String> changed = Optional.empty();
    /** The epoch that runs or comes next, from 1, and how many of its batches are done. */
    int epoch = 1;

    int batch;
    /** Optimizer steps since the first epoch began. */
    long steps;
    /** Sums over this epoch's examples so far. */
    double lossSum;

    double lossWeight;
    /** Right answers among those to labels that count; -1 where there are none to judge. */
    long right;

    long judged;
    long seen;
    double seconds;
    /** Of the last step; a resumed optimizer has the one that the schedule starts from until its first step. */
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
