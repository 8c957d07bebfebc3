package dev.graft.vision.model.part;

/**
 * A block whose formula, apart from the layers that it calls, treats each image of a batch independently, so that
 * {@link ImageGroups} may split the batch.
 */
public interface EachImageByItself {}
