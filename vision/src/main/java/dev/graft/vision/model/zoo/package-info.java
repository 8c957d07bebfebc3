/**
 * All networks by name. A new network gets a package beside this one (network, blocks, weights) and a line in
 * {@link dev.graft.vision.model.zoo.ModelZoo}.
 */
@NullMarked
package dev.graft.vision.model.zoo;

import org.jspecify.annotations.NullMarked;
