package dev.graft.examples.cli;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.resnet.ResNetParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Writes folders as timm writes them, with random weights of a small network. */
public final class TimmFolders {
    /** What Graft calls the network. */
    public static final String NETWORK = "resnet18,layers=1-1-1-1";

    private TimmFolders() {}

    /**
     * A network of basic blocks for images of 64x64.
     *
     * @param labels as JSON, such as {@code ["left", "right"]}
     */
    public static Path write(Path folder, int classes, boolean classifier, String labels) throws IOException {
        Files.createDirectories(folder);
        try (ResNet model = ResNet.of(ResNetParts.basic(1, 1, 1, 1), classes, new SplittableRandom(5));
                StateDict state = model.stateDict();
                StateDict kept = new StateDict()) {
            state.names().stream()
                    .filter(name -> classifier || !name.startsWith("fc."))
                    .forEach(name -> kept.put(name, state.get(name).copy()));
            Safetensors.save(kept, folder.resolve("model.safetensors"));
        }
        Files.writeString(folder.resolve("config.json"), """
                {"architecture": "resnet18", "num_classes": %d, "num_features": 512, "model_args": {"layers": [1, 1, 1, 1]},
                 "label_names": %s,
                 "pretrained_cfg": {"input_size": [3, 64, 64], "interpolation": "bicubic", "crop_pct": 0.95,
                  "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.25], "classifier": "fc", "first_conv": "conv1"}}
                """.formatted(classifier ? classes : 0, labels));
        return folder;
    }
}
