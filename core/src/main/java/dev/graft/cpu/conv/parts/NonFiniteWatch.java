package dev.graft.cpu.conv.parts;

import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * The non-finite check: detects NaN and infinities among vectors that a kernel adds to {@link #sums}, since a sum that
 * has become non-finite stays so. It is needed for two reasons. Kernels clamp activations as integers, which is right
 * only for finite numbers, at a quarter of the cost. And Winograd's transforms spread a non-finite value over a whole
 * tile. If the check fails, the results are computed again in another way.
 */
public final class NonFiniteWatch {
    private static final int LANES = Vectors.LANES;

    private final float[] sums;

    private NonFiniteWatch(float[] sums) {
        this.sums = sums;
    }

    /** Starts a new check, in this thread's scratch memory. */
    public static NonFiniteWatch begin(Workspace workspace) {
        return begin(workspace, Workspace.Slot.WATCH);
    }

    /** Starts a new check in {@code slot}, for one check inside another. */
    public static NonFiniteWatch begin(Workspace workspace, Workspace.Slot slot) {
        NonFiniteWatch watch = new NonFiniteWatch(workspace.array(slot, LANES));
        watch.restart();
        return watch;
    }

    public void restart() {
        Arrays.fill(sums, 0, LANES, 0f);
    }

    /** One vector, to which all checked values are added. */
    public float[] sums() {
        return sums;
    }

    /** Whether everything was finite. Large sums may overflow and give false, which only costs time. */
    public boolean isFinite() {
        for (int i = 0; i < LANES; i++) {
            if (!Float.isFinite(sums[i])) {
                return false;
            }
        }
        return true;
    }
}
