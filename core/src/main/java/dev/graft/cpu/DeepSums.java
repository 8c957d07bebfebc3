package dev.graft.cpu;

/** Results of products so deep that floats would lose digits: what a stretch of the depth gave is added in double. */
final class DeepSums {
    private final Workspace workspace;
    private final double[] sums;

    DeepSums(Workspace workspace, int count) {
        this.workspace = workspace;
        this.sums = new double[count];
    }

    /** Adds the first floats of {@code panel}. */
    void add(Panel panel) {
        float[] block = workspace.floats(0, Workspace.BLOCK);
        for (int start = 0; start < sums.length; start += Workspace.BLOCK) {
            int count = Math.min(Workspace.BLOCK, sums.length - start);
            panel.get(start, block, 0, count);
            for (int i = 0; i < count; i++) {
                sums[start + i] += block[i];
            }
        }
    }

    /** The sums, rounded, to the start of {@code panel}. */
    void store(Panel panel) {
        float[] block = workspace.floats(0, Workspace.BLOCK);
        for (int start = 0; start < sums.length; start += Workspace.BLOCK) {
            int count = Math.min(Workspace.BLOCK, sums.length - start);
            for (int i = 0; i < count; i++) {
                block[i] = (float) sums[start + i];
            }
            panel.put(start, block, 0, count);
        }
    }
}
