package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.io.WeightFiles;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.zoo.ModelZoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One ResNet-18 state dict through every container that PyTorch ever wrote, and safetensors: the same bits come out.
 */
class FourContainersTest {
    @TempDir
    private Path folder;

    @Test
    @SuppressWarnings("try")
    void allContainersGiveTheSameBits() throws IOException {
        Path safetensors = folder.resolve("resnet18.safetensors");
        Path zip = folder.resolve("zip.pth");
        Path legacy = folder.resolve("legacy.pth");
        Path tar = folder.resolve("tar.pth");
        Map<String, String> hashes = new LinkedHashMap<>();
        try (Backbone model = ResNet.resnet18(1000, new SplittableRandom(1));
                StateDict state = Formula.damped(model)) {
            state.names().forEach(name -> hashes.put(name, state.sha256(name)));
            Safetensors.save(state, safetensors);
            TorchCheckpoint.save(state, zip);
            OldContainers.writeLegacy(state, legacy);
            OldContainers.writeTar(state, tar);
        }
        Map<Path, String> formats =
                Map.of(safetensors, "safetensors", zip, "torch-zip", legacy, "torch-legacy", tar, "torch-tar");
        Map<Path, float[]> logits = new LinkedHashMap<>();
        formats.forEach((file, format) -> {
            assertThat(WeightFiles.inspect(file).format()).isEqualTo(format);
            try (StateDict loaded = WeightFiles.load(file);
                    Backbone model = ModelZoo.architecture("resnet18").create(loaded, new SplittableRandom(2));
                    StateDict state = model.stateDict();
                    Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                hashes.forEach((name, hash) -> assertThat(state.sha256(name))
                        .as("%s from %s", name, format)
                        .isEqualTo(hash));
                model.eval();
                logits.put(
                        file,
                        model.forward(Formula.unitTensor(1000, 1, 3, 64, 64)).toFloatArray());
            }
        });
        assertThat(logits).hasSize(4);
        logits.values().forEach(values -> assertThat(values).containsExactly(logits.get(safetensors)));
    }
}
