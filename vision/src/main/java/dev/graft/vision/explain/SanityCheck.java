package dev.graft.vision.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Whether maps depend on what the network has learnt: each is compared with the map that the same network gives with
 * its weights in random order. A method whose maps hardly change shows edges of the image, not the network's reasons.
 *
 * @param method that made the maps
 * @param images how many were compared
 * @param empty how many others were left out, since their own map is empty
 * @param rankCorrelation Spearman's correlation of a map and its random counterpart, on the mean over the images; 0 for
 *     an image whose random map is empty or not finite. Empty if no image was compared
 * @param similarity structural similarity (SSIM) of the two, on the mean over the images; empty if none was compared
 * @see <a href="https://arxiv.org/abs/1810.03292">Adebayo et al. 2018, Sanity Checks for Saliency Maps</a>
 */
public record SanityCheck(
        ExplanationMethod method, int images, int empty, OptionalDouble rankCorrelation, OptionalDouble similarity) {
    /** The mean rank correlation from which on the maps count as unchanged: a convention of this library, no test. */
    public static final double LIMIT = 0.5;

    /**
     * Compares maps.
     *
     * @param network whose weights are randomised, for the calling thread alone
     * @param inputs what is explained, such as images
     * @param side to which maps are enlarged before they are compared, in pixels
     * @param map the map of an input by {@code network}; called twice for each input
     */
    public static <T> SanityCheck of(
            ExplanationMethod method,
            Module network,
            List<? extends T> inputs,
            int side,
            Function<? super T, float[][]> map,
            long seed) {
        List<float[][]> learnt = new ArrayList<>();
        inputs.forEach(
                input -> learnt.add(Heatmap.of(map.apply(input), side, side).values()));
        double correlation = 0;
        double similarity = 0;
        int compared = 0;
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = RandomWeights.of(network, seed);
            for (int i = 0; i < learnt.size(); i++) {
                if (isEmpty(learnt.get(i))) {
                    continue;
                }
                T input = inputs.get(i);
                float[][] random = finite(network.withParameters(
                        weights, () -> Heatmap.of(map.apply(input), side, side).values()));
                correlation += Similarity.rankCorrelation(learnt.get(i), random).orElse(0);
                similarity += Similarity.ssim(learnt.get(i), random);
                compared++;
            }
        }
        return new SanityCheck(
                method,
                compared,
                learnt.size() - compared,
                compared == 0 ? OptionalDouble.empty() : OptionalDouble.of(correlation / compared),
                compared == 0 ? OptionalDouble.empty() : OptionalDouble.of(similarity / compared));
    }

    private static boolean isEmpty(float[][] map) {
        for (float[] row : map) {
            for (float value : row) {
                if (value != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Random weights may overflow: such a map says nothing, as an empty one. */
    private static float[][] finite(float[][] map) {
        for (float[] row : map) {
            for (float value : row) {
                if (!Float.isFinite(value)) {
                    return new float[map.length][row.length];
                }
            }
        }
        return map;
    }

    /** Whether the maps change when the weights are randomised, by {@link #LIMIT}; false if no image was compared. */
    public boolean passes() {
        return rankCorrelation.isPresent() && rankCorrelation.getAsDouble() < LIMIT;
    }

    /** As it is written to JSON. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("method", method.id());
        map.put("images", images);
        map.put("empty", empty);
        rankCorrelation.ifPresent(value -> map.put("rank_correlation", value));
        similarity.ifPresent(value -> map.put("ssim", value));
        map.put("limit", LIMIT);
        map.put("passes", passes());
        return map;
    }

    /** One sentence for people. */
    @Override
    public String toString() {
        if (images == 0) {
            return "sanity check of " + method + ": nothing to compare, all " + empty + " maps are empty";
        }
        return String.format(
                Locale.ROOT,
                "sanity check of %s: with randomised weights the maps of %d images %s (rank correlation %.2f, SSIM %.2f; they count as unchanged from a rank correlation of %.1f on)%s",
                method,
                images,
                passes() ? "change" : "hardly change, so they do not show what the network has learnt",
                rankCorrelation.orElse(0),
                similarity.orElse(0),
                LIMIT,
                empty == 0 ? "" : "; " + empty + " empty maps were left out");
    }
}
