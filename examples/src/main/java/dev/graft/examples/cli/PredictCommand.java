package dev.graft.examples.cli;

import dev.graft.examples.cli.text.DecisionText;
import dev.graft.message.SettingException;
import dev.graft.nn.model.InputFlag;
import dev.graft.nn.run.RunException;
import dev.graft.vision.ClassProbability;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.Prediction;
import dev.graft.vision.PredictionOutcome;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.model.download.DownloadListener;
import dev.graft.vision.model.zoo.ModelZoo;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Names what is on images. */
@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Names the most probable classes of images, also of all images in a folder and below, as a table and with --json as [{file, top: [{index, label, probability}], label or labels, flags}].",
            "Probabilities are calibrated, and classes chosen, as the model's card says. Flags tell in which ways an image is unlike the training images.",
            "An image that cannot be read gets a line on standard error and an entry {file, error}; the others are answered, and the exit code is 1."
        },
        footer = {
            "",
            "Examples: graft predict --model run1 photo.jpg",
            "          graft predict --model run1 photos --json answers.json",
            "          graft predict --model squeezenet1_1 --weights squeezenet1_1.pth --labels imagenet_classes.txt photo.jpg"
        })
final class PredictCommand extends ReportingCommand {
    private static final int BATCH = 32;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "DIR|NAME",
            required = true,
            description = "The --out folder of finetune, a folder as timm ships one, or a network's name.")
    private String model;

    @Option(
            names = "--weights",
            paramLabel = "imagenet|FILE|DIR",
            description = "For a network's name: its weights. Default: imagenet.")
    private Optional<String> weights;

    @Option(
            names = "--state-dict",
            paramLabel = "NAME",
            description = "Of a weight file with several networks, such as model and ema: which one.")
    private Optional<String> stateDict;

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description =
                    "For a network's name: class names, one on each line. Default: those that are known of the weights, or numbers.")
    private Optional<Path> labels;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "For a network's name: side of its input in pixels.")
    private Optional<Integer> imageSize;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "5",
            description = "How many classes to name. Default: ${DEFAULT-VALUE}.")
    private int top;

    @Mixin
    private AveragingOptions averaging;

    @Mixin
    private WindowOption window;

    @Mixin
    private ThreadOption threads;

    @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "Image files, or folders of them.")
    private List<Path> images;

    private int exitCode;

    private int flagged;

    @Override
    Object report() {
        if (top < 1) {
            throw new ParameterException(spec.commandLine(), "--top must be at least 1, was " + top);
        }
        ImageSizes.check(spec, imageSize);
        threads.apply();
        List<Path> files = ImageArguments.listed(spec, images);
        ImageNotes notes = new ImageNotes();
        List<Object> report = new ArrayList<>();
        try (ImageClassifier classifier = classifier(notes)) {
            classifier.notes().forEach(line -> note(OptionWords.render(line)));
            for (int from = 0; from < files.size(); from += BATCH) {
                List<Path> some = files.subList(from, Math.min(files.size(), from + BATCH));
                List<PredictionOutcome> outcomes = classifier.outcomes(some);
                for (int i = 0; i < some.size(); i++) {
                    report.add(tell(some.get(i), outcomes.get(i)));
                }
            }
            notes.takeLines().forEach(line -> note(OptionWords.render(line)));
            if (flagged > 0) {
                note(
                        flagged + " of " + files.size()
                                + " images are unlike the model's training images, so its answers to them may be worth nothing");
            }
        }
        return report;
    }

    private void note(String line) {
        spec.commandLine().getErr().println("graft predict: " + line);
    }

    private ImageClassifier classifier(ImageNotes notes) {
        ImageClassifierOptions options = averaging.in(
                ImageClassifierOptions.defaults().maxBatch(BATCH).notes(notes).downloads(DownloadListener.console()));
        options = window.applyTo(options);
        Path folder = Path.of(model);
        try {
            if (!Files.isDirectory(folder)) {
                if (!ModelZoo.has(model)) {
                    throw noModel(folder);
                }
                return ImageClassifier.of(model, weights.orElse("imagenet"), ofNetwork(options));
            }
            if (weights.isEmpty() && PretrainedFolder.isOne(folder)) {
                return ImageClassifier.load(folder, ofNetwork(options));
            }
            if (weights.isPresent() || stateDict.isPresent() || labels.isPresent() || imageSize.isPresent()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--weights, --state-dict, --labels and --image-size are for a network's name; " + model
                                + " is a run's folder");
            }
            return ImageClassifier.load(folder, options);
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
        }
    }

    /** What a saved model has of its own. */
    private ImageClassifierOptions ofNetwork(ImageClassifierOptions options) {
        ImageClassifierOptions more = stateDict.map(options::stateDict).orElse(options);
        more = labels.map(more::labels).orElse(more);
        return imageSize.map(more::imageSize).orElse(more);
    }

    private static RunException noModel(Path path) {
        return Files.exists(path)
                ? new RunException(
                        "--model " + path + " is a file, and a model is a folder",
                        "give the folder that has model.json, or a network's name and this file as --weights")
                : new RunException(
                        "--model " + path + " is neither a folder nor a network's name",
                        "check the path; the networks are " + String.join(", ", ModelZoo.names()));
    }

    private Map<String, Object> tell(Path image, PredictionOutcome outcome) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("file", image.toString());
        if (outcome.failure().isPresent()) {
            exitCode = Program.FAILURE;
            String line = Failures.line(outcome.failure().get());
            note(line);
            entry.put("error", line);
        } else {
            Prediction prediction = outcome.orElseThrow();
            List<ClassProbability> answers = prediction.top(top);
            out().println(image);
            answers.forEach(a ->
                    out().printf(Locale.ROOT, "  %6.2f %%  %s (%d)%n", 100 * a.probability(), a.label(), a.index()));
            DecisionText.lines(prediction).forEach(line -> out().println("  " + line));
            if (prediction.multiLabel()) {
                entry.put("labels", prediction.labels());
            } else {
                entry.put("label", prediction.label());
            }
            prediction.set().ifPresent(set -> entry.put("set", set));
            if (prediction.decision().abstention().isPresent()) {
                entry.put("abstained", prediction.isAbstained());
            }
            entry.put("flags", prediction.flags().stream().map(InputFlag::toMap).toList());
            flagged += prediction.flags().isEmpty() ? 0 : 1;
            entry.put("top", answers.stream().map(PredictCommand::asMap).toList());
        }
        return entry;
    }

    private static Map<String, Object> asMap(ClassProbability answer) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("index", answer.index());
        map.put("label", answer.label());
        map.put("probability", answer.probability());
        return map;
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
