/**
 * All networks by name. The next network gets a package beside this one (network, blocks, weights) and a line in
 * {@link dev.graft.vision.model.zoo.ModelZoo}.
 */
package dev.graft.vision.model.zoo;
