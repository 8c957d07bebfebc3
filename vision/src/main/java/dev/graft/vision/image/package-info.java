/**
 * An image in memory and arithmetic on it, with the results of Pillow and torchvision. {@code transform} builds
 * pipelines on this, {@code decode} (not exported) reads the formats, and {@code file} has what applications specify
 * and learn about files. Only what every image has belongs here.
 */
@NullMarked
package dev.graft.vision.image;

import org.jspecify.annotations.NullMarked;
