package dev.graft.cpu.conv.parts;

import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Notices NaN and infinities among vectors that a kernel adds to {@link #sums}: none gets out of a sum again. Kernels
 * clamp activations as integers, which is right for numbers alone and a quarter of the price, and Winograd's transforms
 * spread what is not finite over a tile; what they have written is redone in another way where this says so.
 */
public final class NonFiniteWatch {
    private static final int LANES = Vectors.LANES;

    private final float[] sums;

    private NonFiniteWatch(float[] sums) {
        this.sums = sums;
    }

    /** Begins anew, in this thread's scratch memory. */
    public static NonFiniteWatch begin(Workspace workspace) {
        return begin(workspace, Workspace.Slot.WATCH);
    }

    /** Begins anew in {@code slot}, for one watch inside another. */
    public static NonFiniteWatch begin(Workspace workspace, Workspace.Slot slot) {
        NonFiniteWatch watch = new NonFiniteWatch(workspace.array(slot, LANES));
        watch.restart();
        return watch;
    }

    public void restart() {
        Arrays.fill(sums, 0, LANES, 0f);
    }

    /** One vector: what is watched is added here. */
    public float[] sums() {
        return sums;
    }

    /** Whether all was finite; large sums may overflow and say no, which costs time alone. */
    public boolean isFinite() {
        for (int i = 0; i < LANES; i++) {
            if (!Float.isFinite(sums[i])) {
                return false;
            }
        }
        return true;
    }
}
