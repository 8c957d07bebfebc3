package dev.graft.nn.uncertainty;

/**
 * How far several answers to one input are apart.
 *
 * @param mean probability of each class
 * @param deviation of each class's probability over the answers, that of a sample; 0 of a single answer
 * @param entropy of the mean, in nats: how uncertain the answer is on the whole; of labels by themselves, their sum
 * @param disagreement the entropy less the mean of the answers' own entropies (mutual information): how much of the
 *     uncertainty is that the answers differ, which more training data would lessen
 * @see <a href="https://arxiv.org/abs/1612.01474">Lakshminarayanan et al. 2017</a>
 */
public record Spread(float[] mean, float[] deviation, double entropy, double disagreement) {
    public Spread {
        mean = mean.clone();
        deviation = deviation.clone();
    }

    /** @param answers {@code [answers][classes]}, probabilities */
    static Spread of(float[][] answers, boolean multiLabel) {
        int classes = answers[0].length;
        float[] mean = new float[classes];
        float[] deviation = new float[classes];
        for (int c = 0; c < classes; c++) {
            double sum = 0;
            for (float[] answer : answers) {
                sum += answer[c];
            }
            double average = sum / answers.length;
            double squares = 0;
            for (float[] answer : answers) {
                squares += (answer[c] - average) * (answer[c] - average);
            }
            mean[c] = (float) average;
            deviation[c] = answers.length < 2 ? 0 : (float) Math.sqrt(squares / (answers.length - 1));
        }
        double own = 0;
        for (float[] answer : answers) {
            own += entropy(answer, multiLabel) / answers.length;
        }
        double whole = entropy(mean, multiLabel);
        return new Spread(mean, deviation, whole, Math.max(0, whole - own));
    }

    private static double entropy(float[] probabilities, boolean multiLabel) {
        double sum = 0;
        for (float p : probabilities) {
            sum -= term(p) + (multiLabel ? term(1 - (double) p) : 0);
        }
        return sum;
    }

    private static double term(double p) {
        return p <= 0 ? 0 : p * Math.log(p);
    }

    @Override
    public float[] mean() {
        return mean.clone();
    }

    @Override
    public float[] deviation() {
        return deviation.clone();
    }
}
