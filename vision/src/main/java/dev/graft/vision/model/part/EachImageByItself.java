package dev.graft.vision.model.part;

/**
 * A block whose formula, apart from the layers that it calls, treats each image of a batch by itself, so that
 * {@link ImageGroups} may cut the batch.
 */
public interface EachImageByItself {}
