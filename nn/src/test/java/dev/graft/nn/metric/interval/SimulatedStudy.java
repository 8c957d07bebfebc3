package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryCases;
import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A simulated study whose true metrics are known: latent scores of sick and healthy cases are normal,
 * {@code separation} apart. A patient's cases share a part of their score, and mostly their truth.
 *
 * @param patients how many
 * @param mostImages each patient has 1 to this many cases
 * @param prevalence the share of sick patients
 * @param separation of the means, in standard deviations
 * @param shared the share of a score's variance that a patient's cases have in common
 * @param mixed the probability that a case's truth is drawn by itself, not the patient's
 */
record SimulatedStudy(int patients, int mostImages, double prevalence, double separation, double shared, double mixed) {

    SimulatedStudy withPatients(int count) {
        return new SimulatedStudy(count, mostImages, prevalence, separation, shared, mixed);
    }

    BinaryCases draw(long seed, int number) {
        RandomStream random = RandomStream.of(seed, "test.study", number);
        List<Double> p = new ArrayList<>();
        List<Boolean> truth = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int patient = 0; patient < patients; patient++) {
            boolean sick = random.nextDouble() < prevalence;
            double own = Draw.normal(random);
            int images = 1 + random.nextInt(mostImages);
            for (int i = 0; i < images; i++) {
                boolean positive = random.nextDouble() < mixed ? random.nextDouble() < prevalence : sick;
                double x = Math.sqrt(shared) * own
                        + Math.sqrt(1 - shared) * Draw.normal(random)
                        + (positive ? separation / 2 : -separation / 2);
                p.add(probability(x));
                truth.add(positive);
                names.add("p" + patient);
            }
        }
        boolean[] positive = new boolean[truth.size()];
        double[] values = new double[truth.size()];
        for (int i = 0; i < positive.length; i++) {
            positive[i] = truth.get(i);
            values[i] = p.get(i);
        }
        BinaryCases cases = BinaryCases.of(values, positive);
        return mostImages == 1 ? cases : cases.groups(names);
    }

    /** The true probability of being sick, given the score. */
    private double probability(double x) {
        return 1 / (1 + Math.exp(-(separation * x + Math.log(prevalence / (1 - prevalence)))));
    }
}
