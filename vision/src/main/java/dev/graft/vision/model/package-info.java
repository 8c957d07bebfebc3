/**
 * Networks for images and their published weights. {@link dev.graft.vision.model.ModelZoo} lists them by name;
 * {@link dev.graft.vision.model.ResNet} and its kin build them; {@link dev.graft.vision.model.WeightCache} finds and
 * downloads weight files.
 */
package dev.graft.vision.model;
