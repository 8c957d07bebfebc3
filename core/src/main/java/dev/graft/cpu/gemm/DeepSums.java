package dev.graft.cpu.gemm;

import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.Workspace;

/**
 * Results of products so deep that floats would lose digits: the sums over a range of the depth are added in double.
 */
public final class DeepSums {
    private final Workspace workspace;
    private final double[] sums;

    public DeepSums(Workspace workspace, int count) {
        this.workspace = workspace;
        this.sums = new double[count];
    }

    /** Adds the first floats of {@code buffer}. */
    public void add(MatrixBuffer buffer) {
        float[] block = workspace.floats(0, Workspace.BLOCK);
        for (int start = 0; start < sums.length; start += Workspace.BLOCK) {
            int count = Math.min(Workspace.BLOCK, sums.length - start);
            buffer.get(start, block, 0, count);
            for (int i = 0; i < count; i++) {
                sums[start + i] += block[i];
            }
        }
    }

    /** The sums, rounded, to the start of {@code buffer}. */
    public void store(MatrixBuffer buffer) {
        float[] block = workspace.floats(0, Workspace.BLOCK);
        for (int start = 0; start < sums.length; start += Workspace.BLOCK) {
            int count = Math.min(Workspace.BLOCK, sums.length - start);
            for (int i = 0; i < count; i++) {
                block[i] = (float) sums[start + i];
            }
            buffer.put(start, block, 0, count);
        }
    }
}
