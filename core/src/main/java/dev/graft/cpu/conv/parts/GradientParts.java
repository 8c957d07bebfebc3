package dev.graft.cpu.conv.parts;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;

/**
 * Weight gradients of very many pixels, part by part: a kernel sums one part in floats, and the parts are added in
 * double. The rounding error therefore does not grow with the number of pixels.
 */
public final class GradientParts {
    /** Pixels of a part: more than a batch of usual size has. */
    public static final int PIXELS = 1 << 18;

    private GradientParts() {}

    /** Writes the weight gradient of units {@code [first, first + count)}; returns whether all of it is finite. */
    @FunctionalInterface
    public interface Part {
        public boolean run(int first, int count);
    }

    /**
     * Runs {@code part} for all {@code units}, at most {@code most} at a time, with their sum in {@code dw}, which is
     * dense.
     */
    public static boolean run(ExecutionContext context, int units, int most, View dw, Part part) {
        if (units <= most) {
            return part.run(0, units);
        }
        int parts = (units + most - 1) / most;
        int size = (units + parts - 1) / parts;
        float[] data = CpuStorage.floatsToWrite(dw);
        double[] totals = new double[dw.numel()];
        boolean finite = true;
        for (int first = 0; first < units; first += size) {
            finite &= part.run(first, Math.min(size, units - first));
            context.forRange(totals.length, 1 << 15, (from, to) -> {
                for (int i = from; i < to; i++) {
                    totals[i] += data[CpuStorage.offset(dw) + i];
                }
            });
        }
        for (int i = 0; i < totals.length; i++) {
            data[CpuStorage.offset(dw) + i] = (float) totals[i];
            finite &= Float.isFinite(data[CpuStorage.offset(dw) + i]);
        }
        return finite;
    }
}
