package dev.graft.vision.model.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.FileException;
import dev.graft.nn.model.ModelException;
import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.resnet.ResNetParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders as timm writes them. */
class PretrainedFolderTest {
    private static final String CFG =
            "'pretrained_cfg': {'input_size': [3, 160, 160], 'interpolation': 'bicubic', 'crop_pct': 0.95,"
                    + " 'mean': [0.5, 0.4, 0.3], 'std': [0.1, 0.2, 0.3], 'num_classes': 3, 'tag': 'a1_in1k',"
                    + " 'first_conv': 'conv1', 'classifier': 'fc', 'pool_size': [7, 7], 'test_input_size': null}";

    @TempDir
    private Path folder;

    private Path config(String json) throws IOException {
        Files.writeString(folder.resolve("config.json"), json.replace('\'', '"'));
        return folder;
    }

    private Path with(String json) throws IOException {
        Files.write(folder.resolve("model.safetensors"), new byte[0]);
        return config(json);
    }

    private void save(String network, int classes, boolean head) {
        save(network, classes, name -> head || !name.startsWith("fc."));
    }

    private void save(String network, int classes, Predicate<String> keep) {
        try (Backbone model = ModelZoo.architecture(network).create(classes, new SplittableRandom(1));
                StateDict state = model.stateDict();
                StateDict kept = new StateDict()) {
            state.names().stream()
                    .filter(keep)
                    .forEach(name -> kept.put(name, state.get(name).copy()));
            Safetensors.save(kept, folder.resolve("model.safetensors"));
        }
    }

    @Test
    void timmsEntriesAreRead() throws IOException {
        PretrainedFolder found = PretrainedFolder.open(
                with("{'architecture': 'resnet26d.ra2', 'num_classes': 3, 'num_features': 2048, 'global_pool': 'avg',"
                        + " 'model_args': {'layers': [1, 1, 2, 1], 'cardinality': 8, 'base_width': 4, 'drop_rate': 0.1},"
                        + " 'label_names': ['a', 'b', 'c'], " + CFG + "}"));
        assertThat(found.architecture().name())
                .isEqualTo("resnet50,layers=1-1-2-1,groups=8,width_per_group=4,stem=deep,avg_down=true");
        assertThat(found.preprocessing().resizeSize()).as("floor(160 / 0.95)").isEqualTo(168);
        assertThat(found.preprocessing().cropSize()).isEqualTo(160);
        assertThat(found.preprocessing().interpolation()).isEqualTo(Interpolation.BICUBIC);
        assertThat(found.preprocessing().normalize().mean()).containsExactly(0.5, 0.4, 0.3);
        assertThat(found.preprocessing().normalize().std()).containsExactly(0.1, 0.2, 0.3);
        assertThat(found.classes()).contains(List.of("a", "b", "c"));
        assertThat(found.notes()).isEmpty();
    }

    @Test
    void aFolderOfAnOlderTimmHasAllAtTheTop() throws IOException {
        PretrainedFolder found = PretrainedFolder.open(
                with("{'architecture': 'resnext50_32x4d', 'num_classes': 2, 'labels': ['x', 'y'], 'mean': [0, 0, 0]}"));
        assertThat(found.architecture().name()).isEqualTo("resnext50_32x4d");
        assertThat(found.classes()).contains(List.of("x", "y"));
        assertThat(found.preprocessing().resizeSize()).isEqualTo(256);
        assertThat(found.notes())
                .containsExactly(folder.resolve("config.json")
                        + " says nothing of input_size, crop_pct, interpolation, std: taken as usual for timm");
    }

    @Test
    void greyImagesHaveOneMean() throws IOException {
        PretrainedFolder found = PretrainedFolder.open(
                with(
                        "{'architecture': 'resnet18', 'model_args': {'in_chans': 1}, 'pretrained_cfg':"
                                + " {'input_size': [1, 224, 224], 'mean': [0.5], 'std': [0.25], 'interpolation': 'bilinear', 'crop_pct': 1}}"));
        assertThat(found.architecture().name()).isEqualTo("resnet18,channels=1");
        assertThat(found.preprocessing().normalize().channels()).isEqualTo(1);
        assertThat(found.preprocessing().resizeSize()).isEqualTo(224);
    }

    @ParameterizedTest
    @CsvSource({
        "resnet18, resnet18",
        "resnet10t, 'resnet18,layers=1-1-1-1,stem=deep_tiered,avg_down=true'",
        "resnet50s, 'resnet50,stem=deep,stem_width=64'",
        "resnet152d, 'resnet50,layers=3-8-36-3,stem=deep,avg_down=true'",
        "resnext101_32x4d, 'resnet50,layers=3-4-23-3,groups=32,width_per_group=4'",
        "wide_resnet50_2, wide_resnet50_2"
    })
    void timmsNamesAreParts(String theirs, String ours) throws IOException {
        assertThat(PretrainedFolder.open(with("{'architecture': '" + theirs + "'}"))
                        .architecture()
                        .name())
                .isEqualTo(ours);
    }

    @Test
    void strideOfTheOutputIsADilation() throws IOException {
        assertThat(PretrainedFolder.open(with("{'architecture': 'resnet50', 'model_args': {'output_stride': 8}}"))
                        .architecture()
                        .name())
                .isEqualTo("resnet50,replace_stride_with_dilation=false-true-true");
    }

    @Test
    void theNetworkHasTheFoldersWeights() throws IOException {
        String parts = ResNetParts.basic(1, 1, 1, 1).toString();
        save(parts, 3, true);
        config("{'architecture': 'resnet18', 'model_args': {'layers': [1, 1, 1, 1]}, " + CFG + "}");
        PretrainedFolder found = PretrainedFolder.open(folder);
        for (Path path : List.of(folder, folder.resolve("model.safetensors"))) {
            PretrainedFolder meant = PretrainedFolder.at(path).orElseThrow();
            assertThat(meant.weights()).isEqualTo(found.weights());
            assertThat(meant.architecture().name()).isEqualTo(parts);
            assertThat(meant.preprocessing()).isEqualTo(found.preprocessing());
        }
        try (StateDict saved = Safetensors.load(folder.resolve("model.safetensors"));
                Backbone whole = found.network(new SplittableRandom(2));
                StateDict same = whole.stateDict();
                Backbone replaced = found.network(7, new SplittableRandom(2));
                StateDict other = replaced.stateDict()) {
            assertThat(same.names()).allMatch(name -> same.sha256(name).equals(saved.sha256(name)));
            assertThat(other.get("fc.weight").shape().toArray()).containsExactly(7, 512);
            assertThat(other.names())
                    .allMatch(
                            name -> name.startsWith("fc.") || other.sha256(name).equals(saved.sha256(name)));
        }
    }

    @Test
    void withoutAClassifierThereIsOnlyABackbone() throws IOException {
        save("resnet18,layers=1-1-1-1", 3, false);
        config("{'architecture': 'resnet18', 'num_classes': 0, 'model_args': {'layers': [1, 1, 1, 1]}}");
        PretrainedFolder found = PretrainedFolder.open(folder);
        assertThat(found.classes()).isEmpty();
        try (Backbone model = found.network(2, new SplittableRandom(1));
                Tensor images = Tensor.zeros(1, 3, 32, 32)) {
            model.eval();
            assertThat(model.forward(images).shape().toArray()).containsExactly(1, 2);
        }
        assertThatThrownBy(() -> found.network(new SplittableRandom(1)))
                .isInstanceOf(ModelException.class)
                .hasMessage(folder.resolve("model.safetensors")
                        + " holds a backbone without a classifier, so it tells no classes apart."
                        + " Hint: fine-tune it on your images first.");
    }

    /** Files of old releases of PyTorch, and those converted from ONNX, have no counters of batches. */
    @Test
    void aBackboneWithoutCountersIsOneToo() throws IOException {
        save("resnet18,layers=1-1-1-1", 3, name -> !name.startsWith("fc.") && !name.endsWith("num_batches_tracked"));
        config("{'architecture': 'resnet18', 'num_classes': 0, 'model_args': {'layers': [1, 1, 1, 1]}}");
        PretrainedFolder found = PretrainedFolder.open(folder);
        assertThatThrownBy(() -> found.network(new SplittableRandom(1)))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("holds a backbone without a classifier");
        found.network(2, new SplittableRandom(1)).close();
    }

    @Test
    void weightsOfAnotherNetworkAreRefused() throws IOException {
        save("resnet18,layers=1-1-1-2", 3, true);
        config("{'architecture': 'resnet18', 'model_args': {'layers': [1, 1, 1, 1]}}");
        PretrainedFolder found = PretrainedFolder.open(folder);
        for (int classes : new int[] {0, 4}) {
            assertThatThrownBy(() -> (classes == 0
                                    ? found.network(new SplittableRandom(1))
                                    : found.network(classes, new SplittableRandom(1)))
                            .close())
                    .isInstanceOf(ModelException.class)
                    .hasMessageStartingWith(folder.resolve("model.safetensors")
                            + " does not fit resnet18,layers=1-1-1-1, which config.json describes: ")
                    .hasMessageContaining("layer4.1.conv1.weight");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'num_classes': 3} | names no \"architecture\". Hint: give a folder of timm",
                "{'architectures': ['ResNetForImageClassification'], 'model_type': 'resnet'} | it is of the library transformers",
                "{'architecture': 'vit_base_patch16_224'} | is of the architecture \"vit_base_patch16_224\", which Graft does not have. Hint: it has resnet101, ",
                "{'architecture': 3} | architecture is 3, not a text",
                "{'architecture': 'resnet18', 'model_args': {'layers': [2, 2]}} | model_args: resnet: layers must be four numbers from 1 to 1024, were [2, 2]",
                "{'architecture': 'resnet18', 'model_args': {'layers': 2}} | model_args.layers is 2, not a list",
                "{'architecture': 'resnet18', 'model_args': {'layers': [2, 2, 2, 'x']}} | model_args.layers is \"x\", not a whole number",
                "{'architecture': 'resnet18', 'model_args': {'block_args': {'attn': 'se'}}} | model_args has \"block_args\", which Graft's networks do not have",
                "{'architecture': 'resnet18', 'model_args': {'act_layer': 'silu'}} | model_args.act_layer is \"silu\", not relu",
                "{'architecture': 'resnet18', 'model_args': []} | model_args is [], not an object",
                "{'architecture': 'squeezenet1_1', 'model_args': {'layers': [1]}} | model_args has \"layers\"",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'mean': [0.5, 0.5]}} | mean is [0.5, 0.5], not 3 numbers, one for each channel",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'std': [0.5, 0.5, 0.5, 1]}} | std is [0.5, 0.5, 0.5, 1.0], not 3 numbers",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'std': [0.5, 0, 0.5]}} | Normalize: divisor 255.0",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'mean': 'x'}} | mean is \"x\", not a list",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'input_size': [3, 224, 192]}} | input_size is [3, 224, 192], not [3, N, N]",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'input_size': [1, 224, 224]}} | input_size is [1, 224, 224], not [3, N, N]",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'input_size': [3, 0, 0]}} | Preprocessing: resizeSize 0",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'crop_pct': 0}} | crop_pct is 0.0, not a share",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'crop_pct': 1e-12}} | Preprocessing: resizeSize",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'crop_mode': 'squash'}} | crop_mode is \"squash\", not center",
                "{'architecture': 'resnet18', 'pretrained_cfg': {'interpolation': 'lanczos'}} | interpolation is \"lanczos\", not bilinear or bicubic",
                "{'architecture': 'resnet18', 'num_classes': 3, 'label_names': ['a', 'b']} | names 2 classes in label_names, and has num_classes 3",
                "{'architecture': 'resnet18', 'label_names': ['a', null]} | label_names is null, not a list of texts"
            })
    void whatCannotBeMeantIsASentence(String json, String message) throws IOException {
        with(json);
        assertThatThrownBy(() -> PretrainedFolder.open(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageStartingWith(folder.resolve("config.json").toString())
                .hasMessageContaining(message)
                .hasMessageContaining(" Hint: ");
    }

    @Test
    void filesThatLackAreNamed() throws IOException {
        assertThatThrownBy(() -> PretrainedFolder.open(folder))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        folder + " holds no config.json. Hint: give a weight file, or a folder as timm and the Hugging"
                                + " Face Hub ship one: model.safetensors beside config.json.");
        assertThatThrownBy(() -> PretrainedFolder.open(folder.resolve("nowhere")))
                .hasMessageContaining("nowhere is not a folder.");
        config("{'architecture': 'resnet18'}");
        assertThatThrownBy(() -> PretrainedFolder.open(folder))
                .isInstanceOf(ModelException.class)
                .hasMessage(folder + " holds neither model.safetensors nor pytorch_model.bin."
                        + " Hint: download the weight file beside its config.json.");
        with("{'architecture': ");
        assertThatThrownBy(() -> PretrainedFolder.open(folder))
                .isInstanceOf(FileException.class)
                .hasMessageStartingWith(folder.resolve("config.json") + " is not a JSON object (")
                .hasMessageEndingWith("Hint: restore the file as it was published.");
        Files.writeString(folder.resolve("model.json"), "{}");
        assertThatThrownBy(() -> PretrainedFolder.open(folder))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        folder + " is the folder of a model that Graft saved, not one of timm or the Hugging Face Hub."
                                + " Hint: to start from its weights, give the file "
                                + folder.resolve("model.safetensors") + ".");
        assertThat(PretrainedFolder.isOne(folder)).isFalse();
    }

    @Test
    void aWeightFileBesideAnotherConfigIsAFile() throws IOException {
        with("{'architecture': 'vit_base_patch16_224'}");
        assertThat(PretrainedFolder.at(folder.resolve("model.safetensors"))).isEmpty();
        assertThat(PretrainedFolder.at(folder.resolve("other.safetensors"))).isEmpty();
        assertThat(PretrainedFolder.at(Path.of("imagenet"))).isEmpty();
    }
}
