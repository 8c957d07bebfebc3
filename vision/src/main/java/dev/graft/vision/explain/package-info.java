/**
 * What a network's answer rests on: maps over its input image, how they are shown on the image, and how it is checked
 * that they depend on what the network has learnt.
 */
@org.jspecify.annotations.NullMarked
package dev.graft.vision.explain;
