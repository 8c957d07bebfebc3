/** Residual networks, torchvision's and those for 32x32 images: networks, their blocks, their published weights. */
@NullMarked
package dev.graft.vision.model.resnet;

import org.jspecify.annotations.NullMarked;
