package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.message.SettingException;
import dev.graft.nn.data.table.CsvText;
import dev.graft.nn.json.Json;
import dev.graft.nn.metric.ScoreSpread;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.TrainingsInterval;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.report.chart.Axis;
import dev.graft.nn.report.chart.Line;
import dev.graft.nn.report.chart.LineChart;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Report;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.run.CardReport;
import dev.graft.nn.run.Stopped;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.NestedSubsets;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * How many labelled images it takes: one fine-tuning on smaller and larger parts of its training images, always judged
 * on the same others. All that {@code graft learning-curve} does.
 *
 * <pre>{@code
 * LearningCurve.of(FineTuning.of(Path.of("photos")).out(Path.of("curve")), List.of(20, 50, 100), 3, true).run();
 * }</pre>
 *
 * <p>Each seed draws its own sets of training images, of which each is a part of the next larger one, with the classes'
 * shares of all of them; patients are in or out as a whole where they are known, so a set may be somewhat larger than
 * asked for. Validation images that are copies of any image that may be drawn are left out for all. The folder
 * {@code out} holds the lists of images ({@code validation.csv}, {@code training-20-seed-1.csv} and so on, with hashes
 * in place of patients' names), a run's folder for each training, such as {@code transfer/20/seed-1}, and
 * {@code learning-curve.json}, {@code .csv} and {@code .html}, a page of charts. A resume trains no finished run again.
 */
public final class LearningCurve {
    private static final List<String> SCORES = List.of("accuracy", "auroc");
    private static final String TRANSFER = "transfer";
    private static final String SCRATCH = "scratch";

    private final FineTuning tuning;
    private final List<Integer> sizes;
    private final int seeds;
    private final boolean scratch;

    private LearningCurve(FineTuning tuning, List<Integer> sizes, int seeds, boolean scratch) {
        this.tuning = tuning;
        this.sizes = sizes;
        this.seeds = seeds;
        this.scratch = scratch;
    }

    /**
     * Of a fine-tuning, whose {@code out} is the folder for all runs, and whose own seed is the first.
     *
     * @param sizes numbers of training images
     * @param seeds trainings of each size, at least 1
     * @param scratch whether each is also trained from random weights, all of them
     * @throws SettingException for no sizes, sizes below 2, or a fine-tuning of one fold
     */
    public static LearningCurve of(FineTuning tuning, List<Integer> sizes, int seeds, boolean scratch) {
        if (sizes.isEmpty() || sizes.stream().anyMatch(size -> size < 2)) {
            throw new SettingException(
                    setting("trainSizes") + " must be numbers of images from 2, were " + sizes,
                    "give some, such as 20,50,100");
        }
        if (seeds < 1) {
            throw new SettingException(setting("seeds") + " must be at least 1, was " + seeds, "3 are usual");
        }
        if (tuning.values().hasFold()) {
            throw new SettingException(
                    setting("fold") + " holds back other images than a learning curve does", "leave it out");
        }
        return new LearningCurve(tuning, sizes.stream().sorted().distinct().toList(), seeds, scratch);
    }

    /**
     * What came of it.
     *
     * @param isFinished whether all trainings are; else a resume continues
     * @param out the folder
     * @param points by number of images and start; empty if a training was stopped
     */
    public record Result(boolean isFinished, Path out, List<Point> points) {}

    /**
     * The trainings of one size.
     *
     * @param start {@code transfer} or {@code scratch}
     * @param images that were trained on; where draws of whole patients differ, the mean
     * @param scores by name, {@code accuracy} and {@code auroc}: {@code mean}, {@code standard_deviation}, {@code min}
     *     and {@code max} over the seeds; {@code low} and {@code high}, the ends of the 95 % interval of the mean that
     *     the number of validation images, the draws of training images and the seeds leave; of one seed the first
     *     alone. A score that is not defined is missing
     */
    public record Point(String start, int images, Map<String, Map<String, Object>> scores) {}

    /**
     * Trains all that is not finished.
     *
     * @throws SettingException where settings lack, or contradict each other, or there are fewer training images
     * @throws dev.graft.nn.run.RunException where the folders, the images or the weights cannot be used
     */
    public Result run() {
        FineTuningValues given = tuning.values();
        Path out = given.out();
        FixedSplit split = FixedSplit.of(given);
        Optional<Path> own = FixedSplit.givenValidation(given);
        int[] pool = own.isPresent() ? IntStream.range(0, split.all().size()).toArray() : split.train();
        FixedSplit judging = own.map(path -> FixedSplit.of(given.with(FineTuningValues.DATA, path)))
                .orElse(split);
        int[] held = own.isPresent() ? IntStream.range(0, judging.all().size()).toArray() : split.held();
        ImageData looked;
        try {
            looked = looked(given, out, split.all(), pool, judging.all(), held);
        } catch (Stopped e) {
            return new Result(false, out, List.of());
        }
        check(split.all(), looked.trainRows().length);
        long first = given.of(FineTuningValues.SEED).orElse(0L);
        // each seed has a draw of its own, the same for both starts, and within that of its next size
        List<NestedSubsets> draws = IntStream.range(0, seeds)
                .mapToObj(i -> NestedSubsets.of(split.all(), looked.trainRows(), first + i))
                .toList();
        Path validation = out.resolve("validation.csv");
        if (!given.overwrites()) {
            judging.checkSame(out, validation, looked.heldRows());
            for (int size : sizes) {
                for (int i = 0; i < seeds; i++) {
                    split.checkSame(out, training(out, size, i), draws.get(i).rows(size));
                }
            }
        }
        judging.write(validation, looked.heldRows());
        List<String> starts = scratch ? List.of(TRANSFER, SCRATCH) : List.of(TRANSFER);
        List<Point> points = new ArrayList<>();
        for (int size : sizes) {
            for (String start : starts) {
                List<Map<?, ?>> scores = new ArrayList<>();
                long images = 0;
                for (int i = 0; i < seeds; i++) {
                    int[] rows = draws.get(i).rows(size);
                    Path list = split.write(training(out, size, i), rows);
                    images += rows.length;
                    tuning.listeners().say(start + ", " + rows.length + " images, seed " + (first + i) + ":");
                    FineTuningValues values = split.listed(given, list, validation)
                            .without(FineTuningValues.SUBGROUPS)
                            .with(FineTuningValues.SEED, first + i)
                            .with(FineTuningValues.OUT, out.resolve(start + "/" + size + "/seed-" + (i + 1)));
                    FineTuning.Result result = tuning.with(start.equals(SCRATCH) ? fromScratch(values) : values)
                            .run();
                    if (!result.isFinished()) {
                        return new Result(false, out, List.of());
                    }
                    scores.add(overall(result.metrics()));
                }
                points.add(new Point(start, (int) Math.round((double) images / seeds), scores(scores)));
            }
        }
        AtomicText.write(out.resolve("learning-curve.json"), Json.write(toMap(points, split, flattered(given))));
        AtomicText.write(out.resolve("learning-curve.csv"), csv(points));
        AtomicText.write(out.resolve("learning-curve.html"), html(points, flattered(given)));
        return new Result(true, out, points);
    }

    private static Path training(Path out, int size, int seed) {
        return out.resolve("training-" + size + "-seed-" + (seed + 1) + ".csv");
    }

    /**
     * Without validation images that are copies of any that may be trained on: if each training left out those of its
     * own images, they would be judged on different ones.
     *
     * @throws Stopped where a stop was asked for
     */
    private ImageData looked(
            FineTuningValues given, Path out, ImageDataset all, int[] pool, ImageDataset judging, int[] held) {
        FineTuningSettings settings = given.with(FineTuningValues.OUT, out).resolve();
        StartingPoint start = StartingPoint.of(
                settings.model(),
                settings.weights(),
                settings.stateDict(),
                tuning.listeners().downloads());
        ImagePipeline pipeline = settings.preprocessing(start).eval();
        ImageDataset seen = all.withPipeline(pipeline);
        ImageData data = new ImageData(
                seen,
                pool,
                judging == all ? seen : judging.withPipeline(pipeline),
                held,
                List.of(),
                settings.source().keepDuplicates(),
                List.of(),
                List.of(),
                Optional.empty(),
                new int[0],
                ImageFindings.NONE,
                List.of());
        ImageCheck.Checked checked = new ImageCheck(
                        settings.workers(),
                        tuning.listeners().stop(),
                        tuning.listeners().progress())
                .look(data, settings.skipBad());
        checked.requireReadable();
        checked.data().findings().describe(checked.data().kept()).forEach(tuning.listeners()::say);
        return checked.data();
    }

    private void check(ImageDataset all, int pool) {
        int largest = sizes.get(sizes.size() - 1);
        if (largest > pool) {
            throw new SettingException(
                    setting("trainSizes") + " asks for " + largest + " images, and there are " + pool + " to train on",
                    "ask for at most " + pool);
        }
        if (sizes.get(0) < all.classes().size()) {
            throw new SettingException(
                    setting("trainSizes") + " asks for " + sizes.get(0) + " images of "
                            + all.classes().size() + " classes",
                    "ask for at least one image of each class");
        }
    }

    /** The same network and recipe, but no weights to start from, and nothing frozen. */
    private static FineTuningValues fromScratch(FineTuningValues values) {
        String model = values.resolve().model();
        return values.with(FineTuningValues.WEIGHTS, "none")
                .with(FineTuningValues.MODEL, model)
                .without(FineTuningValues.STATE_DICT)
                .with(FineTuningValues.FREEZE, FineTuning.Freeze.NONE);
    }

    private static Map<?, ?> overall(Map<String, Object> metrics) {
        return metrics.get("validation") instanceof Map<?, ?> validation
                        && validation.get("overall") instanceof Map<?, ?> overall
                ? overall
                : Map.of();
    }

    private static Map<String, Map<String, Object>> scores(List<Map<?, ?>> ofSeeds) {
        Map<String, Map<String, Object>> all = new LinkedHashMap<>();
        for (String score : SCORES) {
            double[] values = numbers(ofSeeds, score, "value");
            if (values.length > 0) {
                Map<String, Object> map = ScoreSpread.of(values).toMap();
                double[] low = numbers(ofSeeds, score, "low");
                double[] high = numbers(ofSeeds, score, "high");
                if (low.length == values.length && high.length == values.length) {
                    Interval[] each = IntStream.range(0, values.length)
                            .mapToObj(i -> new Interval(low[i], high[i], 0.95, "validation images"))
                            .toArray(Interval[]::new);
                    TrainingsInterval.of(values, each).ifPresent(interval -> {
                        map.put("low", Math.max(0, interval.low()));
                        map.put("high", Math.min(1, interval.high()));
                    });
                }
                all.put(score, map);
            }
        }
        return all;
    }

    private static double[] numbers(List<Map<?, ?>> ofSeeds, String score, String entry) {
        return ofSeeds.stream()
                .flatMapToDouble(of ->
                        of.get(score) instanceof Map<?, ?> metric && metric.get(entry) instanceof Number number
                                ? DoubleStream.of(number.doubleValue())
                                : DoubleStream.empty())
                .filter(Double::isFinite)
                .toArray();
    }

    /** What the images that judge have also chosen; the temperature hardly touches accuracy and AUROC. */
    private static String flattered(FineTuningValues values) {
        boolean isThresholdChosen = values.resolve()
                .decision()
                .threshold()
                .filter(rule -> rule.kind() != DecisionRule.Threshold.Kind.FIXED)
                .isPresent();
        return "Of each training: "
                + CardReport.flattered("validation images", true, false, isThresholdChosen, false)
                        .orElseThrow();
    }

    private Map<String, Object> toMap(List<Point> points, FixedSplit split, String note) {
        List<Object> entries = new ArrayList<>();
        for (Point point : points) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("start", point.start());
            entry.put("images", point.images());
            entry.putAll(point.scores());
            entries.add(entry);
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("seeds", seeds);
        map.put("classes", split.all().classes());
        map.put("points", entries);
        map.put("note", note);
        return map;
    }

    private static String csv(List<Point> points) {
        List<String> header = new ArrayList<>(List.of("start", "images"));
        List<String> columns = List.of("mean", "standard_deviation", "min", "max", "low", "high");
        SCORES.forEach(score -> columns.forEach(column -> header.add(score + "_" + column)));
        List<List<String>> rows = new ArrayList<>();
        for (Point point : points) {
            List<String> row = new ArrayList<>(List.of(point.start(), Integer.toString(point.images())));
            for (String score : SCORES) {
                for (String column : columns) {
                    Object value = point.scores().getOrDefault(score, Map.of()).get(column);
                    row.add(value instanceof Double number && Double.isFinite(number) ? number.toString() : "");
                }
            }
            rows.add(row);
        }
        return CsvText.of(header, rows);
    }

    private static String html(List<Point> points, String note) {
        List<Block> charts = new ArrayList<>(List.of(Note.warning(note)));
        for (String score : SCORES) {
            List<Line> lines = new ArrayList<>();
            for (String start : List.of(TRANSFER, SCRATCH)) {
                List<Point> own = points.stream()
                        .filter(point ->
                                point.start().equals(start) && point.scores().containsKey(score))
                        .toList();
                if (!own.isEmpty()) {
                    double[] x = own.stream().mapToDouble(Point::images).toArray();
                    lines.add(Line.of(start, x, column(own, score, "mean"))
                            .within(new Line.Band(x, column(own, score, "low"), column(own, score, "high")))
                            .marked());
                }
            }
            if (!lines.isEmpty()) {
                String name = score.equals("auroc") ? "AUROC" : score;
                charts.add(new Figure(LineChart.of(
                        "Learning curve: " + name,
                        "The mean " + name + " over the seeds against the number of training images, with the 95 %"
                                + " interval that validation images, draws of training images and seeds leave; of one seed, that of the validation images alone.",
                        Axis.around(
                                "training images",
                                points.stream().mapToDouble(Point::images).toArray()),
                        Axis.unit(name),
                        lines)));
            }
        }
        return new Report(
                        "How many labelled images it takes",
                        "Trainings on parts of the images, all judged on the same others",
                        List.of(new Section("Scores by the number of training images", charts)))
                .toHtml();
    }

    private static double[] column(List<Point> points, String score, String column) {
        return points.stream()
                .mapToDouble(
                        point -> point.scores().getOrDefault(score, Map.of()).get(column) instanceof Double value
                                ? value
                                : Double.NaN)
                .toArray();
    }
}
