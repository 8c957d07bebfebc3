package dev.graft.vision;

import dev.graft.message.Message;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.Subset;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.tensor.Device;
import dev.graft.vision.data.ImageCsv;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.model.Backbone;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * How good a classifier is on labelled images.
 *
 * @param scores the network's answers to each image, and what follows from them
 * @param images what each image is called, such as its file; {@code scores.indices()} are positions in it
 * @param classes the names of the classes
 * @param summary the usual metrics with their confidence intervals, which count patients where the images' list names
 *     them
 * @param unreadable images that were left out since they cannot be read, each with the reason
 * @param duplicates what was found of images that the model was fitted on, and of copies among the images: counts by
 *     name, and under {@code list} one entry for each; those left out are not among {@code images}
 * @param seconds what it took
 */
public record ImageEvaluation(
        Evaluation scores,
        List<String> images,
        List<String> classes,
        Summary summary,
        List<String> unreadable,
        Map<String, Object> duplicates,
        double seconds) {
    /**
     * How to evaluate.
     *
     * @param batch images at a time
     * @param csvEncoding what a CSV file without a byte-order mark is written in
     * @param threads threads that decode images; empty for one for each processor
     * @param skipBad whether to look at every image first, and leave out those that cannot be read
     * @param keepDuplicates whether copies, and images that the model was fitted on, are judged all the same
     * @param group which images belong to one patient, as {@link FineTuning#group}; empty for the column
     *     {@code patient} of a CSV file that has one
     * @param allowSharedPatients whether patients are judged that the model was fitted on
     * @param progress told how far it is
     * @param log told, as lines of text, what is odd about the images
     */
    public record Options(
            int batch,
            Charset csvEncoding,
            OptionalInt threads,
            boolean skipBad,
            boolean keepDuplicates,
            Optional<String> group,
            boolean allowSharedPatients,
            Progress progress,
            Consumer<? super Message> log) {
        private static final Options DEFAULTS = new Options(
                32,
                StandardCharsets.UTF_8,
                OptionalInt.empty(),
                false,
                false,
                Optional.empty(),
                false,
                Progress.silent(),
                FineTuningListeners.SILENT.log());

        /** 32 images at a time, CSV files in UTF-8, a thread for each processor; lines go to the log. */
        public static Options defaults() {
            return DEFAULTS;
        }

        /** This with another number of images at a time. */
        public Options batch(int images) {
            return new Options(
                    images, csvEncoding, threads, skipBad, keepDuplicates, group, allowSharedPatients, progress, log);
        }

        /** This with another encoding of CSV files. */
        public Options csvEncoding(Charset charset) {
            return new Options(
                    batch, charset, threads, skipBad, keepDuplicates, group, allowSharedPatients, progress, log);
        }

        /** This with another number of threads that decode images. */
        public Options threads(int count) {
            return new Options(
                    batch,
                    csvEncoding,
                    OptionalInt.of(count),
                    skipBad,
                    keepDuplicates,
                    group,
                    allowSharedPatients,
                    progress,
                    log);
        }

        /** This which leaves out images that cannot be read, instead of failing, or does not. */
        public Options skipBad(boolean skip) {
            return new Options(
                    batch, csvEncoding, threads, skip, keepDuplicates, group, allowSharedPatients, progress, log);
        }

        /** This which judges copies, and images that the model was fitted on, or leaves them out. */
        public Options keepDuplicates(boolean keep) {
            return new Options(batch, csvEncoding, threads, skipBad, keep, group, allowSharedPatients, progress, log);
        }

        /** This with another column, or an expression for file names, that names the patient. */
        public Options group(String columnOrExpression) {
            return new Options(
                    batch,
                    csvEncoding,
                    threads,
                    skipBad,
                    keepDuplicates,
                    Optional.of(columnOrExpression),
                    allowSharedPatients,
                    progress,
                    log);
        }

        /** This which judges images of patients that the model was fitted on, instead of failing, or does not. */
        public Options allowSharedPatients(boolean allow) {
            return new Options(batch, csvEncoding, threads, skipBad, keepDuplicates, group, allow, progress, log);
        }

        /** This with another listener for how far it is. */
        public Options progress(Progress listener) {
            return new Options(
                    batch, csvEncoding, threads, skipBad, keepDuplicates, group, allowSharedPatients, listener, log);
        }

        /** This with another listener for lines. */
        public Options log(Consumer<? super Message> listener) {
            return new Options(
                    batch,
                    csvEncoding,
                    threads,
                    skipBad,
                    keepDuplicates,
                    group,
                    allowSharedPatients,
                    progress,
                    listener);
        }
    }

    static ImageEvaluation of(
            Backbone model,
            List<String> classes,
            boolean multiLabel,
            ImagePipeline pipeline,
            Device device,
            Optional<TrainingImages> training,
            Path data,
            Options how) {
        ImageNotes notes = new ImageNotes();
        // labels are in a column of that name, or in columns with the names of the model's labels
        boolean flags = multiLabel && !ImageCsv.hasColumn(data, how.csvEncoding(), "labels");
        ImageDataset found = ImageData.open(
                        data,
                        how.csvEncoding(),
                        flags ? classes : List.of(),
                        how.group().map(GroupRule::new),
                        pipeline)
                .withNotes(notes);
        LeftOut.line(List.of(found)).map(Message::of).ifPresent(how.log());
        Relabelled all = new Relabelled(found, classes, multiLabel);
        SortedMap<Integer, String> bad = new TreeMap<>();
        List<ImageFindings.Seen> seen =
                new ImageCheck(how.threads(), new StopSignal(), how.progress()).look(found, how.skipBad(), bad);
        List<String> unreadable = List.copyOf(bad.values());
        if (bad.size() == all.size()) {
            throw new RunException(
                    "none of the " + all.size() + " images can be read: " + unreadable.get(0), "check " + data);
        }
        if (!bad.isEmpty()) {
            how.log().accept(Message.of(ImageCheck.line(unreadable)));
        }
        TestOverlap overlap = TestOverlap.of(seen, training, how.keepDuplicates());
        overlap.checkPatients(how.allowSharedPatients());
        overlap.describe().stream().map(Message::of).forEach(how.log());
        Set<Integer> copies = overlap.leftOut();
        int[] rows = IntStream.range(0, all.size())
                .filter(row -> !bad.containsKey(row) && !copies.contains(row))
                .toArray();
        LabelledDataset images = new Subset(all, rows);
        List<String> patients = found.groups()
                .map(groups -> Arrays.stream(rows).mapToObj(groups::get).toList())
                .orElse(List.of());
        DataLoader loader = DataLoader.of(images, how.batch()).on(device);
        try (DataLoader sized =
                how.threads().isPresent() ? loader.workers(how.threads().getAsInt()) : loader) {
            long begin = System.nanoTime();
            Evaluation scores = Evaluator.evaluate(
                    model,
                    sized,
                    (multiLabel ? new BceWithLogitsLoss().multiLabel() : Recipe.validationLoss()),
                    how.progress());
            double seconds = (System.nanoTime() - begin) / 1e9;
            notes.takeLines().forEach(how.log());
            return new ImageEvaluation(
                    scores,
                    IntStream.range(0, images.size()).mapToObj(images::describe).toList(),
                    classes,
                    Summary.of(scores.cases(patients), classes, !patients.isEmpty(), Intervals.defaults()),
                    unreadable,
                    overlap.toMap(),
                    seconds);
        }
    }

    /** The scores as {@code graft evaluate --json} writes them. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>(Metrics.of(scores, classes));
        map.put("metrics", summary.toMap());
        map.put("images_per_second", images.size() / seconds);
        map.put("seconds", seconds);
        if (!unreadable.isEmpty()) {
            map.put("unreadable_images", unreadable.size());
            map.put("unreadable", unreadable);
        }
        map.put("duplicates", duplicates);
        return map;
    }
}
