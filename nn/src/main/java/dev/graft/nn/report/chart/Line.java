package dev.graft.nn.report.chart;

import java.util.Optional;

/**
 * A line of a chart.
 *
 * @param name for the legend
 * @param x as long as {@code y}; values that are not finite interrupt the line
 * @param band how far the line might lie elsewhere; mostly a 95 % interval
 * @param isMarked whether its points are dots as well
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Line(String name, double[] x, double[] y, Optional<Band> band, boolean isMarked) {
    /** @throws IllegalArgumentException if lengths differ */
    public Line {
        if (x.length != y.length) {
            throw new IllegalArgumentException("line: " + x.length + " values of x and " + y.length + " values of y");
        }
    }

    /**
     * The area around a line.
     *
     * @param x as long as {@code low} and {@code high}
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Band(double[] x, double[] low, double[] high) {
        /** @throws IllegalArgumentException if lengths differ */
        public Band {
            if (x.length != low.length || x.length != high.length) {
                throw new IllegalArgumentException("band: " + x.length + " values of x, " + low.length + " lower and "
                        + high.length + " upper ones");
            }
        }
    }

    /** A line alone. */
    public static Line of(String name, double[] x, double[] y) {
        return new Line(name, x, y, Optional.empty(), false);
    }

    /** This within an area. */
    public Line within(Band area) {
        return new Line(name, x, y, Optional.of(area), isMarked);
    }

    /** This with a dot at each point. */
    public Line marked() {
        return new Line(name, x, y, band, true);
    }
}
