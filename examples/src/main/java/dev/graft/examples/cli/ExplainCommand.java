package dev.graft.examples.cli;

import dev.graft.io.file.AtomicFile;
import dev.graft.io.file.FileException;
import dev.graft.message.SettingException;
import dev.graft.message.Similar;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.explain.Explanation;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.explain.SanityCheck;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNotes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows on images what a model's answers rest on. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows on images what a model's answers rest on: writes each image with a map over it, bright where the image speaks for the class.",
            "What the network did not see is darkened. Below the image is the scale, from 0 to the map's peak. A map shows where the network looked, not that it is right."
        },
        footer = {
            "",
            "Examples: graft explain --model run1 photo.jpg",
            "          graft explain --model run1 --method occlusion --class cat --out maps photos"
        })
final class ExplainCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "The --out folder of finetune.")
    private Path model;

    @Option(
            names = "--method",
            paramLabel = "NAME",
            defaultValue = "grad-cam",
            description =
                    "grad-cam, grad-cam++ or occlusion, which takes seconds for an image. Default: ${DEFAULT-VALUE}.")
    private String method;

    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "The class to explain. Default: the most probable one of each image.")
    private Optional<String> className;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "explanations",
            description = "Folder for the pictures; it is made. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Option(
            names = "--sanity",
            description =
                    "Also compare the maps with those of the network with randomised weights, from which they must differ.")
    private boolean sanity;

    @Mixin
    private WindowOption window;

    @Mixin
    private ThreadOption threads;

    @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "Image files, or folders of them.")
    private List<Path> images;

    private final Set<String> names = new HashSet<>();
    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        ExplanationMethod how = method();
        Output.checkFolder("--out", out);
        List<Path> files = ImageArguments.listed(spec, images);
        ImageNotes notes = new ImageNotes();
        List<Object> entries = new ArrayList<>();
        Map<String, Object> report = new LinkedHashMap<>();
        try (ImageClassifier classifier = classifier(notes)) {
            classifier.notes().forEach(line -> note(OptionWords.render(line)));
            Optional<Integer> index = className.map(name -> index(classifier, name));
            Decoding decoding = classifier.decoding();
            List<Image> readable = new ArrayList<>();
            for (Path file : files) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("file", file.toString());
                try {
                    Image image = Image.read(file, decoding);
                    explain(classifier, file, image, how, index, entry);
                    if (sanity) {
                        readable.add(image);
                    }
                } catch (FileException e) {
                    throw e; // the next picture could not be written either
                } catch (RuntimeException e) {
                    exitCode = Program.FAILURE;
                    entry.put("error", Failures.line(e));
                    note(Failures.line(e));
                }
                entries.add(entry);
            }
            report.put("method", how.id());
            report.put("images", entries);
            if (!readable.isEmpty()) {
                SanityCheck check = classifier.sanityCheck(readable, how);
                say(check.toString());
                report.put("sanity_check", check.toMap());
            }
            notes.takeLines().forEach(line -> note(OptionWords.render(line)));
        }
        return report;
    }

    private ExplanationMethod method() {
        try {
            return ExplanationMethod.of(method);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--method " + method + " is not known: grad-cam, grad-cam++ or occlusion");
        }
    }

    private int index(ImageClassifier classifier, String name) {
        int index = classifier.classes().indexOf(name);
        if (index < 0) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--class " + name + " is not a class of the model: " + String.join(", ", classifier.classes())
                            + Similar.of(name, classifier.classes())
                                    .map(near -> ". Did you mean " + near + "?")
                                    .orElse(""));
        }
        return index;
    }

    private ImageClassifier classifier(ImageNotes notes) {
        ImageClassifierOptions options = ImageClassifierOptions.defaults().notes(notes);
        try {
            return ImageClassifier.load(model, window.applyTo(options));
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
        }
    }

    private void explain(
            ImageClassifier classifier,
            Path file,
            Image image,
            ExplanationMethod how,
            Optional<Integer> index,
            Map<String, Object> entry) {
        Explanation why =
                index.isPresent() ? classifier.explain(image, how, index.get()) : classifier.explain(image, how);
        Path picture = out.resolve(name(file, why));
        try {
            Files.createDirectories(out);
            AtomicFile.write(picture, to -> ImageIO.write(why.overlay(), "png", to));
        } catch (IOException e) {
            throw new FileException(
                    "--out " + picture + " cannot be written (" + AtomicFile.reason(e) + ")",
                    "name a folder that is writable, on a disk with space left",
                    e);
        }
        out().printf(
                        Locale.ROOT,
                        "%s  %s %.2f %%  %s%s%n",
                        file,
                        why.className(),
                        100 * why.probability(),
                        picture,
                        why.isEmpty() ? "  (nothing in the image raises this class's score)" : "");
        entry.put("class", why.className());
        entry.put("probability", why.probability());
        entry.put("peak", why.peak());
        entry.put("picture", picture.toString());
    }

    /** Images of several folders may have one name. */
    private String name(Path file, Explanation why) {
        String base = file.getFileName().toString().replaceFirst("\\.[^.]*$", "") + "."
                + why.method().id();
        String name = base + ".png";
        for (int n = 2; !names.add(name); n++) {
            name = base + "." + n + ".png";
        }
        return name;
    }

    private void note(String line) {
        spec.commandLine().getErr().println("graft explain: " + line);
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
