package dev.graft.examples.demo;

import dev.graft.random.RandomStream;
import java.util.random.RandomGenerator;

/**
 * A made-up patient: a drawing of lungs, ribs, heart and spine as a chest X-ray lays them over each other, with or
 * without an opacity in one lung. It resembles no person; it only poses a question of the same kind: a faint, blurred
 * patch under ribs, vessels and noise.
 *
 * <p>Anatomy belongs to the patient; position, exposure and noise change from image to image.
 */
final class PhantomPatient {
    private static final double RIGHT = -1;

    private final boolean opacity;
    private final Noise vessels;
    private final Noise tissue;
    private final double lungWidth;
    private final double lungHeight;
    private final double lungOffset;
    private final double heartSize;
    private final double heartShift;
    private final double ribSpacing;
    private final double ribPhase;
    private final double ribSlope;
    private final double ribContrast;
    private final double vesselContrast;
    private final Opacity patch;

    /** A blurred patch in one lung; clear patients have one of strength 0. */
    private record Opacity(double x, double y, double width, double height, double strength, Noise edge) {
        double at(double px, double py) {
            double wobble = 1 + 0.35 * edge.at(px, py);
            double dx = (px - x) / (width * wobble);
            double dy = (py - y) / (height * wobble);
            return strength * StrictMath.exp(-0.5 * (dx * dx + dy * dy));
        }
    }

    PhantomPatient(boolean opacity, long seed) {
        RandomGenerator random = RandomStream.of(seed, "demo.patient");
        this.opacity = opacity;
        vessels = new Noise(random.nextLong(), 9);
        tissue = new Noise(random.nextLong(), 3);
        lungWidth = random.nextDouble(0.155, 0.195);
        lungHeight = random.nextDouble(0.29, 0.36);
        lungOffset = random.nextDouble(0.205, 0.24);
        heartSize = random.nextDouble(0.13, 0.19);
        heartShift = random.nextDouble(0.03, 0.08);
        ribSpacing = random.nextDouble(0.085, 0.115);
        ribPhase = random.nextDouble();
        ribSlope = random.nextDouble(0.10, 0.30);
        ribContrast = random.nextDouble(0.06, 0.13);
        vesselContrast = random.nextDouble(0.03, 0.07);
        double side = random.nextBoolean() ? RIGHT : -RIGHT;
        patch = new Opacity(
                0.5 + side * (lungOffset + random.nextDouble(-0.06, 0.06)),
                0.5 + random.nextDouble(-0.18, 0.20),
                random.nextDouble(0.05, 0.09),
                random.nextDouble(0.05, 0.09),
                opacity ? random.nextDouble(0.24, 0.38) : 0,
                new Noise(random.nextLong(), 7));
    }

    boolean hasOpacity() {
        return opacity;
    }

    /** One image: the patient never lies twice in the same way. */
    GreyImage image(int size, long seed) {
        RandomGenerator random = RandomStream.of(seed, "demo.image");
        double shiftX = random.nextDouble(-0.03, 0.03);
        double shiftY = random.nextDouble(-0.03, 0.03);
        double angle = Math.toRadians(random.nextDouble(-4, 4));
        double scale = random.nextDouble(0.95, 1.05);
        double gain = random.nextDouble(0.85, 1.15);
        double offset = random.nextDouble(-0.06, 0.06);
        double grain = random.nextDouble(0.02, 0.04);
        double cos = StrictMath.cos(angle) / scale;
        double sin = StrictMath.sin(angle) / scale;
        return new GreyImage(size).paint((below, px, py) -> {
            double x = 0.5 + cos * (px - 0.5 - shiftX) + sin * (py - 0.5 - shiftY);
            double y = 0.5 - sin * (px - 0.5 - shiftX) + cos * (py - 0.5 - shiftY);
            return GreyImage.clamp(0.5 + gain * (brightness(x, y) - 0.5) + offset + grain * random.nextGaussian());
        });
    }

    /** More matter in the beam is brighter, as on film. */
    private double brightness(double x, double y) {
        double body = GreyImage.step(0.56, 0.44, StrictMath.hypot((x - 0.5) / 1.0, (y - 0.55) / 1.35));
        double lung = Math.max(lung(x, y, RIGHT), lung(x, y, -RIGHT));
        double heart = GreyImage.step(
                1.15, 0.85, StrictMath.hypot((x - 0.5 - heartShift) / heartSize, (y - 0.62) / (heartSize * 1.15)));
        double spine = GreyImage.step(0.055, 0.035, Math.abs(x - 0.5));
        double air = lung * (1 - 0.9 * heart);
        double ribs = ribContrast * rib(x, y) * (0.35 + 0.65 * lung);
        double soft = 0.68 + 0.05 * tissue.at(x, y);
        double inLung = 0.26 + vesselContrast * vessels.at(x, y) * 1.4 + patch.at(x, y);
        return body * (soft + air * (inLung - soft) + 0.08 * spine + ribs) + (1 - body) * 0.05;
    }

    private double lung(double x, double y, double side) {
        double dx = (x - 0.5 - side * lungOffset) / lungWidth;
        double dy = (y - 0.48) / lungHeight;
        // narrower at the top, cut off by the diaphragm below
        double apex = 1 + 0.25 * Math.max(0, -dy);
        double inside = GreyImage.step(1.08, 0.92, StrictMath.hypot(dx * apex, dy));
        double diaphragm = 0.48
                + lungHeight * 0.80
                - 0.35 * (x - 0.5 - side * lungOffset) * (x - 0.5 - side * lungOffset) / lungWidth;
        return inside * GreyImage.step(0.02, -0.02, y - diaphragm);
    }

    /** Bands that fall from the spine to the sides. */
    private double rib(double x, double y) {
        double across = Math.abs(x - 0.5);
        double phase = (y - ribSlope * across - 1.1 * across * across) / ribSpacing + ribPhase;
        double wave = 0.5 + 0.5 * StrictMath.cos(2 * Math.PI * phase);
        return wave * wave * GreyImage.step(0.03, 0.08, across) * GreyImage.step(0.44, 0.40, across);
    }
}
