package dev.graft.nn.data;

/** What happens to the examples left over when the batch size does not divide the data set. */
public enum LastBatch {
    /** They form a smaller batch, which is right for evaluation. */
    KEEP,
    /** They are left out of this epoch. */
    DROP,
    /**
     * As KEEP, but a single example joins the previous batch, because batch norm cannot train on one value per channel.
     */
    MERGE_SINGLE
}
