package dev.graft.vision;

import dev.graft.message.Message;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Subset;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.SubgroupFile;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.StopSignal;
import dev.graft.tensor.Device;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The labelled images that a model is judged on: those that can be read, without those that it was fitted on.
 *
 * @param found all images
 * @param classes of the model
 * @param rows which of the images are judged
 * @param unreadable those that cannot be read, each with the reason
 * @param overlap with what the model was fitted on
 * @param quantities what each judged image is like, see {@link ImageQuantities}
 */
record JudgedImages(
        ImageDataset found,
        List<String> classes,
        boolean multiLabel,
        int[] rows,
        List<String> unreadable,
        TestOverlap overlap,
        List<Map<String, Double>> quantities) {

    /** @throws RunException where no image can be read, or the images have classes that the model does not know */
    static JudgedImages open(
            List<String> classes,
            boolean multiLabel,
            ImagePipeline pipeline,
            Optional<TrainingImages> training,
            Path data,
            ImageNotes notes,
            ImageEvaluation.Options how) {
        ImageDataset found = found(classes, multiLabel, pipeline, data, how).withNotes(notes);
        LeftOut.line(List.of(found)).map(Message::of).ifPresent(how.log());
        int size = found.size();
        SortedMap<Integer, String> bad = new TreeMap<>();
        List<ImageFindings.Seen> seen =
                new ImageCheck(how.threads(), new StopSignal(), how.progress()).look(found, how.skipBad(), bad);
        List<String> unreadable = List.copyOf(bad.values());
        if (bad.size() == size) {
            throw new RunException(
                    "none of the " + size + " images can be read: " + unreadable.get(0), "check " + data);
        }
        if (!bad.isEmpty()) {
            how.log().accept(Message.of(ImageCheck.line(unreadable)));
        }
        TestOverlap overlap = TestOverlap.of(seen, training, how.keepDuplicates());
        overlap.checkPatients(how.allowSharedPatients());
        overlap.describe().stream().map(Message::of).forEach(how.log());
        Set<Integer> copies = overlap.leftOut();
        int[] rows = IntStream.range(0, size)
                .filter(row -> !bad.containsKey(row) && !copies.contains(row))
                .toArray();
        Map<Integer, Map<String, Double>> quantities = new HashMap<>();
        seen.forEach(image -> quantities.put(image.row(), image.quantities()));
        return new JudgedImages(
                found,
                classes,
                multiLabel,
                rows,
                unreadable,
                overlap,
                Arrays.stream(rows).mapToObj(quantities::get).toList());
    }

    /** All that are listed, read or not. */
    private static ImageDataset found(
            List<String> classes, boolean multiLabel, ImagePipeline pipeline, Path data, ImageEvaluation.Options how) {
        // labels are in a column of that name, or in columns with the names of the model's labels
        boolean flags = multiLabel && !ImageCsv.hasColumn(data, how.csvEncoding(), "labels");
        ImageDataset found = ImageSets.open(
                data,
                how.csvEncoding(),
                flags ? classes : List.of(),
                how.group().map(GroupRule::new),
                pipeline);
        new Relabelled(found, classes, multiLabel); // refuses classes that the model does not know
        return found;
    }

    /** What can be refused before any image is read. */
    static void check(
            List<String> classes,
            boolean multiLabel,
            ImagePipeline pipeline,
            Optional<TrainingImages> training,
            Path data,
            ImageEvaluation.Options how,
            Optional<Path> subgroups) {
        ImageDataset found = found(classes, multiLabel, pipeline, data, how);
        if (training.isPresent() && !how.allowSharedPatients() && !how.skipBad()) { // which may leave patients out
            found.groups().ifPresent(patients -> TestOverlap.checkPatients(patients, training.get()));
        }
        subgroups.ifPresent(file -> SubgroupFile.read(file, how.csvEncoding())
                .check(
                        IntStream.range(0, found.size())
                                .mapToObj(found::describe)
                                .toList(),
                        found.groups().orElse(List.of())));
    }

    private Subset images(ImagePipeline pipeline) {
        return new Subset(new Relabelled(found.withPipeline(pipeline), classes, multiLabel), rows);
    }

    /** What each is called. */
    List<String> names() {
        Subset images = images(found.pipeline());
        return IntStream.range(0, rows.length).mapToObj(images::describe).toList();
    }

    /** Of each; empty where they are not known. */
    List<String> patients() {
        return found.groups()
                .map(groups -> Arrays.stream(rows).mapToObj(groups::get).toList())
                .orElse(List.of());
    }

    /** The model's answers, with images prepared by {@code pipeline}. */
    Evaluation evaluate(Module model, ImagePipeline pipeline, Device device, ImageEvaluation.Options how) {
        DataLoader loader = DataLoader.of(images(pipeline), how.batch()).on(device);
        try (DataLoader sized =
                how.threads().isPresent() ? loader.workers(how.threads().getAsInt()) : loader) {
            return Evaluator.evaluate(
                    model,
                    sized,
                    multiLabel ? new BceWithLogitsLoss().multiLabel() : Recipe.validationLoss(),
                    how.progress());
        }
    }
}
