package dev.graft.vision.model.weights;

import java.util.OptionalDouble;

/**
 * The publisher's measurements of some weights on the validation set, in percent.
 *
 * @param top1 how often the first guess was right
 * @param top5 how often the right class was among the first five guesses, if published
 */
public record Accuracy(double top1, OptionalDouble top5) {

    public static Accuracy of(double top1) {
        return new Accuracy(top1, OptionalDouble.empty());
    }

    public static Accuracy of(double top1, double top5) {
        return new Accuracy(top1, OptionalDouble.of(top5));
    }
}
