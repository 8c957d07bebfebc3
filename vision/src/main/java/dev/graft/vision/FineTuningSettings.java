package dev.graft.vision;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunFolder;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Device;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything a fine-tuning is told, but the folder for its result.
 *
 * @param source the images
 * @param model the network's name
 * @param weights {@code imagenet}, another published name, a file, or {@code none}
 * @param stateDict which of several networks in the weight file; empty where it holds one
 * @param freezeBackbone whether only the head learns
 * @param augment all chance that training images see
 * @param imageSize side of the network's input; empty for the weights' own
 * @param window how samples of more than 8 bits become 8; empty for the weights' own way
 * @param frame which frame of DICOM files with several is read, from 1; empty for the first
 * @param recipe how to train
 * @param decision how probabilities become answers, chosen on the validation images
 * @param device where to train, such as {@code cpu}
 * @param workers threads that decode images; empty for one for each processor
 * @param featureCache whether a frozen backbone may run once for each image
 * @param cachedViews how many augmented views of each image a frozen backbone sees; 0 for a new one in every epoch
 * @param resume continue the run in the folder
 * @param overwrite replace the run in the folder
 * @param skipBad leave out images that cannot be read
 * @param subgroups what the images that judge are divided by; see {@link dev.graft.nn.run.SubgroupFile}
 * @param tta for which views' mean a decision is fitted too; none for single answers only
 */
record FineTuningSettings(
        ImageSource source,
        String model,
        String weights,
        Optional<String> stateDict,
        boolean freezeBackbone,
        Augmentations augment,
        OptionalInt imageSize,
        Optional<Window> window,
        OptionalInt frame,
        Recipe recipe,
        DecisionRule decision,
        String device,
        OptionalInt workers,
        boolean featureCache,
        int cachedViews,
        boolean resume,
        boolean overwrite,
        boolean skipBad,
        Optional<Path> subgroups,
        Averaging.Views tta) {

    /** How images are prepared for the weights that the training starts from. */
    Preprocessing preprocessing(StartingPoint start) {
        Preprocessing own = start.preprocessing();
        Preprocessing sized = imageSize.isPresent() ? own.withImageSize(imageSize.getAsInt()) : own;
        Preprocessing windowed = window.map(sized::withWindow).orElse(sized);
        return frame.isPresent() ? windowed.withFrame(frame.getAsInt()) : windowed;
    }

    /** Batches in order. */
    DataLoader loader(Dataset<Example> data) {
        DataLoader loader = DataLoader.of(data, recipe.batch()).on(Device.of(device));
        return workers.isPresent() ? loader.workers(workers.getAsInt()) : loader;
    }

    /** Batches to train on: shuffled, mixed, and none of a single image. */
    DataLoader trainLoader(LabelledDataset train) {
        return loader(train)
                .shuffled(recipe.seed())
                .lastBatch(LastBatch.MERGE_SINGLE)
                .collate(augment.collate(train.classes().size()));
    }

    /**
     * Batches in order, whose views are what a frozen backbone sees.
     *
     * @param part {@code training} or {@code validation}
     */
    DataLoader featureLoader(Dataset<Example> data, String part) {
        return loader(data).seed(RandomStream.seed(recipe.seed(), "finetune.views." + part));
    }

    boolean usesFeatureCache() {
        return featureCache && freezeBackbone && views() > 0 && !augment.mixesImages();
    }

    /** How many views of each training image there are; 0 where every epoch has its own. */
    int views() {
        return augment.variesImages() ? cachedViews : 1;
    }

    /** Where {@code weights} is not a name. */
    Optional<Path> weightsFile() {
        return weights.equals("none")
                ? Optional.empty()
                : Optional.of(Path.of(weights))
                        .filter(Files::exists)
                        .map(path -> PretrainedFolder.isOne(path)
                                ? PretrainedFolder.open(path).weights()
                                : path);
    }

    RunFolder.Existing existing() {
        if (overwrite) {
            return RunFolder.Existing.OVERWRITE;
        }
        return resume ? RunFolder.Existing.RESUME : RunFolder.Existing.REFUSE;
    }

    /** What a run must have in common with the one it resumes; where it runs and how fast is its own affair. */
    Map<String, Object> toMap() {
        Map<String, Object> map = recipe.toMap();
        map.put("model", model);
        map.put("weights", weights);
        stateDict.ifPresent(name -> map.put("state_dict", name));
        map.put("freeze", freezeBackbone ? "backbone" : "none");
        augment.addTo(map);
        map.put("image_size", imageSize.isPresent() ? imageSize.getAsInt() : "the weights' own");
        map.put("window", window.map(Window::toString).orElse("the weights' own"));
        map.put("feature_cache", usesFeatureCache());
        map.put("cached_views", usesFeatureCache() ? views() : 0);
        map.putAll(decision.toMap());
        if (tta != Averaging.Views.NONE) {
            map.put("tta", tta.word());
        }
        if (skipBad) {
            map.put("skip_bad", true);
        }
        return map;
    }
}
