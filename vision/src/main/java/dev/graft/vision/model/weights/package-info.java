/**
 * Published weights: what is known about a file (address, SHA-256, classes, preprocessing, accuracy), not how it is
 * downloaded. A publisher whose files have much in common gets a class like {@code TorchvisionFacts}. A network's list
 * of weights is beside the network.
 */
@NullMarked
package dev.graft.vision.model.weights;

import org.jspecify.annotations.NullMarked;
