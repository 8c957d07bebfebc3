package dev.graft.vision.explain;

/**
 * The colours of matplotlib's {@code inferno}: from black by purple and orange to light yellow, with lightness that
 * grows evenly, so that equal steps look equal, also in grey and to people who are colour-blind. By polynomials that
 * were fitted to its table (within 2 of 255).
 *
 * @see <a href="https://bids.github.io/colormap/">Smith and van der Walt 2015</a>
 */
final class Inferno {
    private static final double[][] COEFFICIENTS = {
        {0.0002189403691192265, 0.001651004631001012, -0.01948089843709184},
        {0.1065134194856116, 0.5639564367884091, 3.932712388889277},
        {11.60249308247187, -3.972853965665698, -15.9423941062914},
        {-41.70399613139459, 17.43639888205313, 44.35414519872813},
        {77.162935699427, -33.40235894210092, -81.80730925738993},
        {-71.31942824499214, 32.62606426397723, 73.20951985803202},
        {25.13112622477341, -12.24266895238567, -23.07032500287172}
    };

    private Inferno() {}

    /**
     * One sample of a colour, 0 to 255.
     *
     * @param value from 0 to 1
     * @param channel 0 red, 1 green, 2 blue
     */
    static int sample(double value, int channel) {
        double sum = 0;
        for (int power = COEFFICIENTS.length - 1; power >= 0; power--) {
            sum = sum * value + COEFFICIENTS[power][channel];
        }
        return (int) Math.rint(255 * Math.max(0, Math.min(1, sum)));
    }
}
