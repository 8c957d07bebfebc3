package dev.graft.vision.explain;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How a map of what an answer rests on is made. */
public enum ExplanationMethod {
    /**
     * {@link GradCam}: fast, coarse.
     *
     * @see <a href="https://arxiv.org/abs/1610.02391">Selvaraju et al. 2017</a>
     */
    GRAD_CAM("grad-cam"),
    /**
     * {@link GradCam#plusPlus()}: as fast; finds several places that show the class.
     *
     * @see <a href="https://arxiv.org/abs/1710.11063">Chattopadhay et al. 2018</a>
     */
    GRAD_CAM_PLUS_PLUS("grad-cam++"),
    /**
     * {@link Occlusion}: what happens to the answer if a part is covered; needs nothing of the network but its answers,
     * and one answer for each place.
     *
     * @see <a href="https://arxiv.org/abs/1311.2901">Zeiler and Fergus 2014</a>
     */
    OCCLUSION("occlusion");

    private final String id;

    ExplanationMethod(String id) {
        this.id = id;
    }

    /** The name in the literature and on the command line, such as {@code grad-cam++}. */
    public String id() {
        return id;
    }

    /** Whether the map may be negative, where a part speaks against the class. */
    public boolean isSigned() {
        return this == OCCLUSION;
    }

    /**
     * The method of a name.
     *
     * @throws IllegalArgumentException naming those that there are
     */
    public static ExplanationMethod of(String id) {
        return Arrays.stream(values())
                .filter(method -> method.id.equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("explain: there is no method '" + id
                        + "'. Hint: the methods are "
                        + Arrays.stream(values()).map(ExplanationMethod::id).collect(Collectors.joining(", ")) + "."));
    }

    @Override
    public String toString() {
        return id;
    }
}
