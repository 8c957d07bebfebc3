package dev.graft.examples.demo;

import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What the demonstration's network learns first: which of eight findings a drawing has. Half of the drawings are of
 * random organs, ellipses of any size, place and brightness under random bands and tissue; the others are of phantom
 * patients, none of them a patient of the demonstration. One of the eight, a blurred bright patch anywhere, is kin to
 * what the demonstration then asks for in lungs: the place of a network trained on many other chest images.
 */
final class SourceTask {
    private static final int SIZE = 2 * Pictures.SIDE;
    private static final int MOST_ORGANS = 6;

    private SourceTask() {}

    /**
     * A finding's strength at a place, in [-1, 1]; {@code x} and {@code y} are relative to its centre, in units of its
     * radius.
     */
    private interface Shape {
        double at(double x, double y, Variation variation);
    }

    private record Variation(double detail, Noise noise) {}

    private enum Finding {
        NOTHING((x, y, v) -> 0),
        PATCH((x, y, v) -> patch(x, y, v)),
        DARK_PATCH((x, y, v) -> -patch(x, y, v)),
        DISC((x, y, v) -> inside(StrictMath.hypot(x, y) * 1.5)),
        RING((x, y, v) -> inside(Math.abs(StrictMath.hypot(x, y) - 0.8) * 4)),
        TUBE((x, y, v) -> inside(Math.abs(y + 0.4 * StrictMath.sin(1.5 * x)) * 5) * inside(Math.abs(x) / 1.6)),
        DOTS((x, y, v) -> GreyImage.step(
                        0.5, 0.8, StrictMath.cos((4 + 2 * v.detail) * x) * StrictMath.cos((4 + 2 * v.detail) * y))
                * inside(StrictMath.hypot(x, y) / 1.2)),
        STRIPES((x, y, v) -> StrictMath.sin((5 + 3 * v.detail) * x) * inside(StrictMath.hypot(x, y) / 1.2));

        private final Shape shape;

        Finding(Shape shape) {
            this.shape = shape;
        }

        private static double patch(double x, double y, Variation v) {
            return StrictMath.exp(-1.2 * (x * x + y * y) * (1 + 0.4 * v.noise.at(x, y)));
        }

        private static double inside(double radius) {
            return GreyImage.step(1.1, 0.9, radius);
        }
    }

    /** An ellipse with a soft edge; {@code level} is its brightness. */
    private record Organ(double x, double y, double width, double height, double angle, double softness, double level) {
        static Organ random(RandomGenerator random) {
            return new Organ(
                    random.nextDouble(),
                    random.nextDouble(),
                    random.nextDouble(0.1, 0.4),
                    random.nextDouble(0.1, 0.4),
                    random.nextDouble(Math.PI),
                    random.nextDouble(0.05, 0.3),
                    random.nextDouble(0.15, 0.8));
        }

        double share(double px, double py) {
            double dx = StrictMath.cos(angle) * (px - x) + StrictMath.sin(angle) * (py - y);
            double dy = StrictMath.cos(angle) * (py - y) - StrictMath.sin(angle) * (px - x);
            return GreyImage.step(1 + softness, 1 - softness, StrictMath.hypot(dx / width, dy / height));
        }
    }

    /** The number of classes. */
    static int classes() {
        return Finding.values().length;
    }

    /** Pictures whose classes are drawn at random. */
    static Pictures pictures(int count, long seed) {
        List<GreyImage> images = new ArrayList<>();
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            RandomStream random = RandomStream.of(seed, "demo.picture", i);
            Finding finding = Finding.values()[random.nextInt(classes())];
            boolean chest = random.nextBoolean();
            labels[i] = finding.ordinal();
            images.add(image(finding, chest ? chest(random) : organs(random), random));
        }
        return Pictures.of(images, labels);
    }

    private static GreyImage chest(RandomGenerator random) {
        return new PhantomPatient(false, random.nextLong()).image(SIZE, random.nextLong());
    }

    private static GreyImage organs(RandomGenerator random) {
        List<Organ> organs = new ArrayList<>();
        for (int i = random.nextInt(2, MOST_ORGANS + 1); i > 0; i--) {
            organs.add(Organ.random(random));
        }
        Noise tissue = new Noise(random.nextLong(), random.nextDouble(2, 12));
        double level = random.nextDouble(0.15, 0.75);
        double roughness = random.nextDouble(0.02, 0.10);
        double bands = Math.max(0, random.nextDouble(-0.05, 0.13));
        double frequency = random.nextDouble(35, 80);
        double angle = random.nextDouble(Math.PI);
        double curve = random.nextDouble(-1, 1);
        double phase = random.nextDouble(2 * Math.PI);
        double grain = random.nextDouble(0.01, 0.04);
        return new GreyImage(SIZE).paint((below, x, y) -> {
            double ground = level;
            for (Organ organ : organs) {
                ground += organ.share(x, y) * (organ.level - ground);
            }
            double along = StrictMath.cos(angle) * x + StrictMath.sin(angle) * y;
            double across = StrictMath.cos(angle) * y - StrictMath.sin(angle) * x;
            return ground
                    + roughness * tissue.at(x, y)
                    + bands * StrictMath.sin(frequency * (along + curve * across * across) + phase)
                    + grain * random.nextGaussian();
        });
    }

    private static GreyImage image(Finding finding, GreyImage ground, RandomGenerator random) {
        double radius = random.nextDouble(0.10, 0.20);
        double centreX = random.nextDouble(0.2, 0.8);
        double centreY = random.nextDouble(0.2, 0.8);
        double angle = random.nextDouble(2 * Math.PI);
        double contrast = random.nextDouble(0.12, 0.40);
        Variation variation = new Variation(random.nextDouble(), new Noise(random.nextLong(), 2));
        double cos = StrictMath.cos(angle) / radius;
        double sin = StrictMath.sin(angle) / radius;
        return ground.paint((below, px, py) -> {
            double x = cos * (px - centreX) + sin * (py - centreY);
            double y = cos * (py - centreY) - sin * (px - centreX);
            return GreyImage.clamp(below + contrast * finding.shape.at(x, y, variation));
        });
    }
}
