package dev.graft.cpu.sequence;

import dev.graft.backend.View;

/** The sizes of an attention, and how its work is cut: into tasks of {@code taskRows} queries of one head. */
record AttentionSizes(int batch, int heads, int queries, int keys, int width, int valueWidth, int taskRows) {

    /**
     * @param tasks how many there should be, if heads and batch are too few for as many
     * @param leastRows queries of a task that is not a whole head
     */
    static AttentionSizes of(View q, View k, View v, int tasks, int leastRows) {
        int matrices = Math.max(1, q.dim(0) * q.dim(1));
        int queries = q.dim(2);
        int parts = Math.max(1, Math.min((tasks + matrices - 1) / matrices, queries / leastRows));
        int rows = Math.max(4, ((queries + parts - 1) / parts + 3) / 4 * 4);
        return new AttentionSizes(q.dim(0), q.dim(1), queries, k.dim(2), q.dim(3), v.dim(3), rows);
    }

    /** Tasks of a head; at least 1. */
    int parts() {
        return Math.max(1, (queries + taskRows - 1) / taskRows);
    }

    /** All queries. */
    int rows() {
        return batch * heads * queries;
    }

    int tasks() {
        return batch * heads * parts();
    }

    int first(int task) {
        return Math.min(queries, task % parts() * taskRows);
    }

    int end(int task) {
        return Math.min(queries, first(task) + taskRows);
    }

    int item(int task) {
        return task / parts() / heads;
    }

    int head(int task) {
        return task / parts() % heads;
    }

    /** The keys in whole tiles of {@link BlockProducts#multiplyTransposed}. */
    int keyRows() {
        return (keys + 3) / 4 * 4;
    }
}
