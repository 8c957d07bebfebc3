package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.StateDict;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.SavedWeights;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.DownloadListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The model so far of a run that was stopped, or is still running: to look at before it is finished.
 *
 * @param network in evaluation mode; the caller closes it
 * @param multiLabel whether an image has any number of the classes
 * @param note says which weights these are
 */
record UnfinishedRun(
        Backbone network, List<String> classes, boolean multiLabel, Preprocessing preprocessing, String note) {

    /**
     * Builds the model from the run's settings, start weights and checkpoint.
     *
     * @return empty where the folder holds a finished model, or no run that tells what it is
     * @throws RunException where the run has no checkpoint yet, or its start weights have changed
     */
    static Optional<UnfinishedRun> open(Path folder) {
        Map<String, Object> identity = RunFolder.identity(folder);
        if (Files.isRegularFile(folder.resolve(ModelCard.FILE_NAME))
                || !(identity.get("classes") instanceof List<?> names)) {
            return Optional.empty();
        }
        SavedWeights saved = Trainer.saved(folder)
                .orElseThrow(() -> new RunException(
                        folder + " holds a run that was stopped before its first checkpoint, so there is no model yet",
                        "finish it with " + setting("FineTuning.resume", folder)));
        FineTuningSettings settings = FineTuningValues.NONE
                .with(FineTuningValues.OUT, folder)
                .with(FineTuningValues.RESUME, true)
                .withThoseOfTheRun()
                .resolve();
        StartingPoint start =
                StartingPoint.of(settings.model(), settings.weights(), settings.stateDict(), DownloadListener.log());
        if (!start.sha256().orElse("none").equals(identity.get("start weights"))) {
            throw new RunException(
                    "the weights that the run in " + folder + " started from have changed: " + settings.weights(),
                    "put that file back");
        }
        List<String> classes = names.stream().map(String::valueOf).toList();
        Backbone model = start.build(classes, RandomStream.of(settings.recipe().seed(), "finetune.weights"))
                .model();
        try (StateDict weights = saved.load()) {
            if (RunFolder.isOfHead(saved.identity())) {
                model.headNetwork().load(weights);
            } else {
                model.load(weights);
            }
            model.eval();
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
        String which = saved.bestEpoch().isPresent()
                ? "its best epoch so far, " + saved.epoch()
                : "its last checkpoint, in epoch " + saved.epoch();
        return Optional.of(new UnfinishedRun(
                model,
                classes,
                ModelCard.IMAGE_MULTI_LABEL.equals(identity.get("task")),
                settings.preprocessing(start),
                folder + " holds an unfinished run: these are the weights of " + which));
    }
}
