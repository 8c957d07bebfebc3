package dev.graft.vision.report;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Gallery;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Picture;
import dev.graft.nn.report.page.Section;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The images that a person should look at: those that the model got most wrong, of which it was least certain, and that
 * it got most right. Beside each is what the answer rests on. Small, and few, however many images there are.
 */
public final class CaseGallery {
    private static final int WORST = 8;
    private static final int OTHERS = 4;
    private static final int SIDE = 176;
    private static final int GAP = 4;

    private final Cases cases;
    private final List<String> classes;
    private final IntFunction<String> names;
    private final IntFunction<Optional<Image>> images;
    private final Explain explain;
    private final int[] predictions;
    private final double[] thresholds;
    private final Map<Integer, Image> shown = new LinkedHashMap<>();
    private String noMap = "";

    /** Draws what an answer rests on over an image. */
    @FunctionalInterface
    public interface Explain {
        /**
         * The map of one class over an image.
         *
         * @param side the longest side of the drawing, in pixels
         */
        BufferedImage overlay(Image image, int index, int explainedClass, int side);
    }

    /**
     * Of some cases.
     *
     * @param names what each case is called
     * @param images each case's image; empty if it cannot be read any more
     */
    public CaseGallery(
            Cases cases,
            List<String> classes,
            IntFunction<String> names,
            IntFunction<Optional<Image>> images,
            Explain explain) {
        this.cases = cases;
        this.classes = List.copyOf(classes);
        this.names = names;
        this.images = images;
        this.explain = explain;
        this.predictions = cases.isMultiLabel() ? new int[0] : cases.predictions();
        this.thresholds = cases.thresholds();
    }

    /** The images in their sections. */
    public List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        blocks.add(
                new Paragraph("At the left the image, at the right the same image with what speaks for the class that"
                        + " the model chose (Grad-CAM, from dark to bright; below it the scale). A bright spot outside the"
                        + " organ is a sign that the model looks at the wrong thing."));
        int[] byTruth = sorted(this::truth);
        int[] worst =
                IntStream.of(byTruth).filter(i -> !isRight(i)).limit(WORST).toArray();
        blocks.add(
                worst.length == 0
                        ? Section.of("Most wrong", Note.of("No image was classified wrongly."))
                        : gallery(
                                "Most wrong",
                                "Of the wrong answers, those whose true class got the lowest probability.",
                                worst));
        int[] uncertain = IntStream.of(sorted(this::certainty)).limit(OTHERS).toArray();
        blocks.add(gallery("Least certain", "Those whose most probable class got the lowest probability.", uncertain));
        int[] best = IntStream.iterate(byTruth.length - 1, i -> i >= 0, i -> i - 1)
                .map(i -> byTruth[i])
                .filter(this::isRight)
                .limit(OTHERS)
                .toArray();
        if (best.length > 0) {
            blocks.add(gallery(
                    "Most right", "Of the right answers, those whose true class got the highest probability.", best));
        }
        if (!noMap.isEmpty()) {
            blocks.add(Note.warning("Maps are missing: " + noMap));
        }
        return blocks;
    }

    /** The images that {@link #blocks} has shown, by case. */
    public Map<Integer, Image> shown() {
        return shown;
    }

    private int[] sorted(java.util.function.IntToDoubleFunction by) {
        return IntStream.range(0, cases.size())
                .boxed()
                .sorted(Comparator.comparingDouble(by::applyAsDouble))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The probability of the truth; of labels, of the one that is most wrong. */
    private double truth(int i) {
        if (!cases.isMultiLabel()) {
            return cases.probability(i, cases.label(i));
        }
        double least = 1;
        for (int c = 0; c < cases.classes(); c++) {
            least = Math.min(least, cases.has(i, c) ? cases.probability(i, c) : 1 - cases.probability(i, c));
        }
        return least;
    }

    private double certainty(int i) {
        double most = 0;
        double least = 1;
        for (int c = 0; c < cases.classes(); c++) {
            double p = cases.probability(i, c);
            most = Math.max(most, p);
            least = Math.min(least, Math.max(p, 1 - p));
        }
        return cases.isMultiLabel() ? least : most;
    }

    /** The class that was decided for; of labels the most probable one that is given, or else of all. */
    private int chosen(int i) {
        if (!cases.isMultiLabel()) {
            return predictions[i];
        }
        int chosen = 0;
        for (int c = 1; c < cases.classes(); c++) {
            boolean isBetter = isGiven(i, c) == isGiven(i, chosen)
                    ? cases.probability(i, c) > cases.probability(i, chosen)
                    : isGiven(i, c);
            chosen = isBetter ? c : chosen;
        }
        return chosen;
    }

    /** Whether a label's probability reaches its threshold. */
    private boolean isGiven(int i, int label) {
        return cases.probability(i, label) >= (thresholds.length == 0 ? MultiLabelScores.THRESHOLD : thresholds[label]);
    }

    private boolean isRight(int i) {
        return cases.isMultiLabel()
                ? IntStream.range(0, cases.classes()).allMatch(c -> isGiven(i, c) == cases.has(i, c))
                : predictions[i] == cases.label(i);
    }

    private Section gallery(String title, String text, int[] which) {
        List<Picture> pictures = new ArrayList<>();
        int missing = 0;
        for (int i : which) {
            Optional<Picture> picture = images.apply(i).map(image -> picture(i, image));
            picture.ifPresent(pictures::add);
            missing += picture.isPresent() ? 0 : 1;
        }
        List<Block> blocks = new ArrayList<>(List.of(new Paragraph(text), new Gallery(pictures)));
        if (missing > 0) {
            blocks.add(Note.of(missing + " of these images could not be read again."));
        }
        return new Section(title, blocks);
    }

    private Picture picture(int i, Image image) {
        shown.put(i, image);
        int chosen = chosen(i);
        BufferedImage plain = scaled(image, SIDE);
        Optional<BufferedImage> map = map(i, image, chosen);
        int width = plain.getWidth() + map.map(own -> own.getWidth() + GAP).orElse(0);
        int height =
                Math.max(plain.getHeight(), map.map(BufferedImage::getHeight).orElse(0));
        BufferedImage both = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D drawing = both.createGraphics();
        drawing.drawImage(plain, 0, 0, null);
        map.ifPresent(own -> drawing.drawImage(own, plain.getWidth() + GAP, 0, null));
        drawing.dispose();
        String truth = truthText(i);
        String of = classes.get(chosen) + " (" + Numbers.percent(cases.probability(i, chosen)) + ")";
        String answer = cases.isMultiLabel() && !isGiven(i, chosen)
                ? "predicted none; most probable is " + of
                : "predicted " + of;
        return new Picture(
                Jpeg.of(both),
                "image/jpeg",
                width,
                height,
                "image of " + truth + ", " + answer + (map.isPresent() ? ", and its Grad-CAM map" : ""),
                List.of((isRight(i) ? "\u2713 " : "\u2717 ") + "true: " + truth, answer, names.apply(i)));
    }

    private String truthText(int i) {
        List<String> has = new ArrayList<>();
        for (int c = 0; c < cases.classes(); c++) {
            if (cases.has(i, c)) {
                has.add(classes.get(c));
            }
        }
        return has.isEmpty() ? "none" : String.join(", ", has);
    }

    /** Not every network has maps; the report is whole without them. */
    private Optional<BufferedImage> map(int i, Image image, int chosen) {
        try {
            return Optional.of(explain.overlay(image, i, chosen, SIDE));
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            noMap = String.valueOf(e.getMessage());
            return Optional.empty();
        }
    }

    private static BufferedImage scaled(Image image, int side) {
        double scale = (double) side / Math.max(image.width(), image.height());
        int width = Math.max(1, (int) Math.rint(image.width() * scale));
        int height = Math.max(1, (int) Math.rint(image.height() * scale));
        Image small = ImageOps.resize(image, width, height, Interpolation.BILINEAR);
        BufferedImage drawn = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = 0;
                for (int channel = 0; channel < 3; channel++) {
                    rgb = rgb << 8 | small.pixel(x, y, small.channels() < 3 ? 0 : channel);
                }
                drawn.setRGB(x, y, rgb);
            }
        }
        return drawn;
    }
}
