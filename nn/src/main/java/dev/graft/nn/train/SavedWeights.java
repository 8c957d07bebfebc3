package dev.graft.nn.train;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * What a run that may not be finished has learnt so far.
 *
 * @param file that holds the weights
 * @param prefix of the weights' names in it
 * @param identity what the run calls itself, see {@link TrainerBuilder#identity}
 * @param epoch that the weights are of; one that is not done where there is no best epoch
 * @param bestEpoch the best epoch so far, whose weights these are; empty where they are those of the newest checkpoint
 * @param batch how many batches of the epoch that runs are done
 */
public record SavedWeights(Path file, String prefix, String identity, int epoch, OptionalInt bestEpoch, int batch) {

    /** Reads the weights under the names that the trained module gives them; the caller closes them. */
    public StateDict load() {
        try (StateDict all = Safetensors.load(file)) {
            StateDict weights = new StateDict();
            all.entries().forEach(entry -> {
                if (entry.getKey().startsWith(prefix)) {
                    weights.put(
                            entry.getKey().substring(prefix.length()),
                            entry.getValue().detach());
                }
            });
            return weights;
        }
    }
}
