package dev.graft.nn.metric.decision;

/**
 * Cases of which the caller vouches that the network was not trained on them and is not judged by them. A threshold or
 * temperature that is fitted to test data makes the test's numbers too good; so what is fitted asks for this type.
 *
 * <pre>{@code
 * DecisionThreshold threshold = DecisionThreshold.youden(Validation.of(validationCases));
 * }</pre>
 *
 * @param cases the validation data
 * @param <T> {@code BinaryCases} or {@code Cases}
 */
public record Validation<T>(T cases) {
    /** Declares cases to be validation data. */
    public static <T> Validation<T> of(T cases) {
        return new Validation<>(cases);
    }
}
