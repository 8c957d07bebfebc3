package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.cli.TinyImages;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.resnet.ResNet18Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FineTuneResNet18Test {
    /** The steps themselves, on random weights: the published ones need a download. */
    @Test
    void theFiveStepsRun(@TempDir Path folder) throws IOException {
        Path images = TinyImages.folder(folder.resolve("images"), 4, 1);
        Path file = folder.resolve("model.safetensors");
        var transform =
                ResNet18Weights.IMAGENET1K_V1.preprocessing().withImageSize(64).train(Augment.LIGHT);
        try (var model = ResNet.resnet18(10, new SplittableRandom(1));
                StateDict before = copy(model)) {
            double loss = FineTuneResNet18.fineTune(model, images, transform, 2, file);
            assertThat(loss).isPositive().isLessThan(5);
            try (StateDict saved = Safetensors.load(file)) {
                assertThat(saved.get("fc.weight").shape().toArray()).containsExactly(2, 512);
                assertThat(saved.sha256("layer4.1.conv2.weight")).isEqualTo(before.sha256("layer4.1.conv2.weight"));
                assertThat(saved.sha256("bn1.running_mean")).isEqualTo(before.sha256("bn1.running_mean"));
            }
        }
    }

    private static StateDict copy(ResNet model) {
        try (StateDict live = model.stateDict()) {
            StateDict copy = new StateDict();
            live.entries()
                    .forEach(entry -> copy.put(entry.getKey(), entry.getValue().copy()));
            return copy;
        }
    }
}
