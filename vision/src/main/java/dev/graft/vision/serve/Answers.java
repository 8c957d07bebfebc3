package dev.graft.vision.serve;

import dev.graft.message.Message;
import dev.graft.nn.model.InputFlag;
import dev.graft.vision.ClassProbability;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.Prediction;
import dev.graft.vision.explain.Explanation;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.ImageNotes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A model's answers as maps for JSON. */
final class Answers {
    private static final int OVERLAY_SIDE = 768;

    private final ImageClassifier classifier;
    private final long maxPixels;
    /** Decoded images are large, and the network's kernels use all processors anyway. */
    private final Semaphore atWork =
            new Semaphore(Math.max(2, Runtime.getRuntime().availableProcessors()), true);

    Answers(ImageClassifier classifier, long maxPixels) {
        this.classifier = classifier;
        this.maxPixels = maxPixels;
    }

    /** What the page says of the model itself. */
    Map<String, Object> model() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("classes", classifier.classes());
        map.put("multi_label", classifier.isMultiLabel());
        map.put("notes", classifier.notes().stream().map(Message::toString).toList());
        return map;
    }

    /**
     * The answer to an encoded image.
     *
     * @throws dev.graft.vision.image.file.ImageFormatException where it is no image that can be read
     */
    Map<String, Object> answer(byte[] encoded, boolean explain) throws InterruptedException {
        atWork.acquire();
        try {
            ImageNotes notes = new ImageNotes();
            Image image = Image.read(
                    encoded,
                    "upload",
                    classifier.decoding().maxPixels(maxPixels).notes(notes));
            Prediction prediction = classifier.predict(image);
            Map<String, Object> map = asMap(prediction);
            map.put("notes", notes.takeLines().stream().map(Message::toString).toList());
            if (explain) {
                map.put("explanation", explanation(image, prediction));
            }
            return map;
        } finally {
            atWork.release();
        }
    }

    private static Map<String, Object> asMap(Prediction prediction) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("label", prediction.label());
        map.put("probability", prediction.probability());
        map.put("multi_label", prediction.multiLabel());
        map.put("labels", prediction.labels());
        map.put("abstained", prediction.isAbstained());
        prediction.set().ifPresent(set -> map.put("set", set));
        map.put(
                "classes",
                prediction.top(Integer.MAX_VALUE).stream().map(Answers::asMap).toList());
        map.put("flags", prediction.flags().stream().map(Answers::asMap).toList());
        return map;
    }

    private static Map<String, Object> asMap(ClassProbability one) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("index", one.index());
        map.put("label", one.label());
        map.put("probability", one.probability());
        return map;
    }

    private static Map<String, Object> asMap(InputFlag flag) {
        Map<String, Object> map = flag.toMap();
        map.put("text", flag.toString());
        return map;
    }

    private Map<String, Object> explanation(Image image, Prediction prediction) {
        Map<String, Object> map = new LinkedHashMap<>();
        ExplanationMethod method = ExplanationMethod.GRAD_CAM;
        map.put("method", method.id());
        try {
            Explanation why = classifier.explain(image, method, prediction.index());
            map.put("class", why.className());
            map.put("empty", why.isEmpty());
            map.put("overlay", "data:image/png;base64," + Base64.getEncoder().encodeToString(png(why)));
        } catch (IllegalArgumentException e) { // a network without maps
            map.put("error", String.valueOf(e.getMessage()));
        }
        return map;
    }

    /** By a stream that keeps everything in memory: ImageIO's own choice is a file. */
    private static byte[] png(Explanation why) {
        boolean isLarge = Math.max(why.image().width(), why.image().height()) > OVERLAY_SIDE;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(isLarge ? why.overlay(OVERLAY_SIDE) : why.overlay(), "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** A line about something that went wrong. */
    static Map<String, Object> error(String text) {
        return Map.of("error", text);
    }
}
