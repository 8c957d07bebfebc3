package dev.graft.vision.model.zoo;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.FileException;
import dev.graft.message.Explained;
import dev.graft.nn.LoadOptions;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.FiniteWeights;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.resnet.ResNetParts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A folder as timm and the Hugging Face Hub ship a network: {@code model.safetensors} beside {@code config.json}, which
 * names architecture, classes and preprocessing.
 *
 * <pre>{@code
 * PretrainedFolder folder = PretrainedFolder.open(Path.of("resnet50d.ra2_in1k"));
 * try (Backbone model = folder.network(2, random)) {              // a new head for 2 classes
 *     model.freezeBackbone();
 *     ImageFolder images = ImageFolder.open(data, folder.preprocessing().eval());
 * }
 * }</pre>
 *
 * <p>Read are the residual networks of timm that are made of {@link ResNetParts}, and networks that {@link ModelZoo}
 * has under the same name. Dropout rates of {@code model_args} are settings of a training and are left out.
 *
 * @param folder where it is
 * @param weights the weight file in it
 * @param architecture the network, without weights
 * @param preprocessing how images are prepared for it: timm's {@code crop_pct}, {@code mean}, {@code std} ...
 * @param classes the names of its classes; empty where the folder names none
 * @param notes what a user should know of what {@code config.json} leaves out
 * @see <a href="https://huggingface.co/docs/hub/timm">timm on the Hub</a>
 */
public record PretrainedFolder(
        Path folder,
        Path weights,
        Architecture architecture,
        Preprocessing preprocessing,
        Optional<List<String>> classes,
        List<String> notes) {
    /** The file that describes the network. */
    public static final String CONFIG = "config.json";

    private static final List<String> WEIGHTS = List.of("model.safetensors", "pytorch_model.bin");
    private static final double USUAL_CROP = 0.875;

    /** Whether a path is such a folder by its {@value #CONFIG}; a folder of a model that Graft saved is none. */
    public static boolean isOne(Path path) {
        return Files.isRegularFile(path.resolve(CONFIG)) && !Files.exists(path.resolve(ModelCard.FILE_NAME));
    }

    /**
     * What a user means by a path: such a folder, or the weight file in one.
     *
     * @return empty for any other file, and for what does not exist
     * @throws ModelException for a folder that cannot be read
     */
    public static Optional<PretrainedFolder> at(Path path) {
        if (Files.isDirectory(path)) {
            return Optional.of(open(path));
        }
        Path parent = path.toAbsolutePath().getParent();
        Path name = path.getFileName();
        if (parent == null || name == null || !WEIGHTS.contains(name.toString()) || !Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try {
            return isOne(parent)
                    ? Optional.of(open(parent))
                            .filter(found -> found.weights.getFileName().equals(name))
                    : Optional.empty();
        } catch (ModelException | FileException e) {
            return Optional.empty(); // a weight file is complete without it
        }
    }

    /**
     * Reads {@value #CONFIG}; no weights yet.
     *
     * @throws ModelException where a file is missing, or the network is one that Graft does not have
     * @throws FileException where {@value #CONFIG} is not JSON
     */
    public static PretrainedFolder open(Path folder) {
        Path config = folder.resolve(CONFIG);
        if (Files.exists(folder.resolve(ModelCard.FILE_NAME))) {
            throw new ModelException(
                    folder + " is the folder of a model that Graft saved, not one of timm or the Hugging Face Hub",
                    "to start from its weights, give the file " + folder.resolve(ModelCard.WEIGHTS));
        }
        if (!Files.isRegularFile(config)) {
            throw new ModelException(
                    folder + (Files.isDirectory(folder) ? " holds no " + CONFIG : " is not a folder"),
                    "give a weight file, or a folder as timm and the Hugging Face Hub ship one: " + WEIGHTS.get(0)
                            + " beside " + CONFIG);
        }
        Path weights = WEIGHTS.stream()
                .map(folder::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new ModelException(
                        folder + " holds neither " + String.join(" nor ", WEIGHTS),
                        "download the weight file beside its " + CONFIG));
        JsonEntries top = new JsonEntries(config, "", readObject(config));
        // before timm 0.8 all was at the top
        JsonEntries pretrained = top.object("pretrained_cfg").orElse(top);
        Architecture architecture = architecture(config, top, pretrained);
        List<String> notes = new ArrayList<>();
        Preprocessing preprocessing = preprocessing(config, architecture, pretrained, notes);
        return new PretrainedFolder(
                folder, weights, architecture, preprocessing, classes(config, top, pretrained, notes), notes);
    }

    private static Map<String, Object> readObject(Path config) {
        try {
            return Json.readObject(config);
        } catch (FileException e) {
            String problem = Explained.problem(e);
            throw new FileException(problem, "restore the file as it was published", e);
        }
    }

    private static Architecture architecture(Path config, JsonEntries top, JsonEntries pretrained) {
        Optional<String> named = top.text("architecture").or(() -> pretrained.text("architecture"));
        if (named.isEmpty()) {
            throw new ModelException(
                    config + " names no \"architecture\""
                            + (top.has("model_type") || top.has("architectures")
                                    ? ": it is of the library transformers, whose networks have other names for their weights"
                                    : ""),
                    "give a folder of timm, such as those of huggingface.co/timm");
        }
        String name = named.get().split("\\.", 2)[0]; // a tag such as .a1_in1k
        JsonEntries arguments = top.object("model_args").orElse(new JsonEntries(config, "model_args", Map.of()));
        Optional<ResNetParts> residual = TimmResNets.of(name);
        if (residual.isPresent()) {
            return ModelZoo.architecture(TimmResNets.with(residual.get(), arguments));
        }
        if (!ModelZoo.has(name)) {
            throw new ModelException(
                    config + " is of the architecture \"" + name + "\", which Graft does not have",
                    "it has " + String.join(", ", TimmResNets.names()));
        }
        arguments.ignore("num_classes");
        arguments.checkAllRead();
        return ModelZoo.architecture(name);
    }

    private static Preprocessing preprocessing(
            Path config, Architecture architecture, JsonEntries pretrained, List<String> notes) {
        List<String> missing = new ArrayList<>();
        int channels = architecture.preprocessing().normalize().channels();
        List<Integer> size = pretrained.wholes("input_size").orElseGet(() -> {
            missing.add("input_size");
            return List.of(channels, architecture.imageSize(), architecture.imageSize());
        });
        if (size.size() != 3 || !size.get(1).equals(size.get(2)) || size.get(0) != channels) {
            throw pretrained.wrong("input_size", size, "[" + channels + ", N, N]");
        }
        double crop = pretrained.number("crop_pct").orElseGet(() -> {
            missing.add("crop_pct");
            return USUAL_CROP;
        });
        if (!(crop > 0 && crop <= 1)) {
            throw pretrained.wrong("crop_pct", crop, "a share above 0 and up to 1");
        }
        pretrained.only("crop_mode", "center");
        String interpolation = pretrained.text("interpolation").orElseGet(() -> {
            missing.add("interpolation");
            return Interpolation.BICUBIC.id();
        });
        if (!interpolation.equals("bilinear") && !interpolation.equals("bicubic")) {
            throw pretrained.wrong("interpolation", interpolation, "bilinear or bicubic");
        }
        Normalize usual = architecture.preprocessing().normalize();
        List<Double> mean = each(pretrained, "mean", channels, missing, usual.mean());
        List<Double> std = each(pretrained, "std", channels, missing, usual.std());
        if (!missing.isEmpty()) {
            notes.add(config + " says nothing of " + String.join(", ", missing) + ": taken as usual for timm");
        }
        try {
            return new Preprocessing(
                    (int) Math.floor(size.get(1) / crop),
                    size.get(1),
                    Interpolation.of(interpolation),
                    new Normalize(255, mean, std));
        } catch (IllegalArgumentException e) {
            throw pretrained.wrong(e);
        }
    }

    private static List<Double> each(
            JsonEntries pretrained, String key, int channels, List<String> missing, List<Double> usual) {
        List<Double> values = pretrained.numbers(key).orElseGet(() -> {
            missing.add(key);
            return usual;
        });
        if (values.size() != channels) {
            throw pretrained.wrong(
                    key, values, channels == 1 ? "one number" : channels + " numbers, one for each channel");
        }
        return values;
    }

    private static Optional<List<String>> classes(
            Path config, JsonEntries top, JsonEntries pretrained, List<String> notes) {
        Optional<List<String>> names = top.texts("label_names")
                .or(() -> pretrained.texts("label_names"))
                .or(() -> pretrained.texts("labels"))
                .filter(list -> !list.isEmpty());
        int count = top.whole("num_classes")
                .or(() -> pretrained.whole("num_classes"))
                .orElse(names.map(List::size).orElse(0));
        if (names.isPresent() && count > 0 && names.get().size() != count) {
            throw new ModelException(
                    config + " names " + names.get().size() + " classes in label_names, and has num_classes " + count,
                    JsonEntries.RESTORE);
        }
        if (names.isPresent() && new HashSet<>(names.get()).size() < names.get().size()) {
            notes.add(config + " gives two classes the same name, so its classes are numbers");
            return Optional.empty();
        }
        return names;
    }

    /** The weights under the names that {@link #architecture()} gives them. */
    private StateDict load() {
        try (StateDict read = WeightFiles.load(weights)) {
            return architecture.unwrapped(read);
        }
    }

    /**
     * The network with all of the folder's weights, and as many classes as they have.
     *
     * @param random for dropout in training
     * @throws ModelException where the weights have no classifier, or are not of this network
     */
    public Backbone network(RandomGenerator random) {
        try (StateDict state = load()) {
            if (architecture.lacksOnlyItsHead(state)) {
                throw new ModelException(
                        weights + " holds a backbone without a classifier, so it tells no classes apart",
                        "fine-tune it on your images first");
            }
            Backbone model = architecture.create(state, random);
            return checked(model);
        } catch (IllegalArgumentException e) {
            throw doesNotFit(e);
        }
    }

    /**
     * The network with the folder's weights and a new head.
     *
     * @param classes of the new head, at least 1
     * @param random for the new head, and for dropout in training
     * @throws ModelException where the weights are not of this network
     */
    public Backbone network(int classes, RandomGenerator random) {
        Backbone model = architecture.create(classes, random);
        try (StateDict state = load()) {
            model.load(state, LoadOptions.replacedHead(architecture.headPath()));
            return checked(model);
        } catch (IllegalArgumentException e) {
            model.close();
            throw doesNotFit(e);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private Backbone checked(Backbone model) {
        try {
            FiniteWeights.check(weights, model);
            return model;
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private ModelException doesNotFit(IllegalArgumentException e) {
        return new ModelException(
                weights + " does not fit " + architecture + ", which " + CONFIG + " describes: "
                        + String.valueOf(e.getMessage()).split("\\s*Hint: ", 2)[0],
                "download both files of one network again",
                e);
    }
}
