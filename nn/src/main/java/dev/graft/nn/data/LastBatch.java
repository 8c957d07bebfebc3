package dev.graft.nn.data;

/** What happens to the examples left over when the batch size does not divide the data set. */
public enum LastBatch {
    /** They make a smaller batch: right for evaluation. */
    KEEP,
    /** They are left out of this epoch. */
    DROP,
    /** As KEEP, but a single example joins the batch before it: batch norm cannot train on one value per channel. */
    MERGE_SINGLE
}
