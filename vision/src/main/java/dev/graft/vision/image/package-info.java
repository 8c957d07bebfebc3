/**
 * An image in memory and arithmetic on it, equal to Pillow's and torchvision's results. {@code transform} builds
 * pipelines on this, {@code decode} (not exported) reads the formats below it, and {@code file} holds what a program
 * says and hears about files. Here goes only what every image has.
 */
@NullMarked
package dev.graft.vision.image;

import org.jspecify.annotations.NullMarked;
