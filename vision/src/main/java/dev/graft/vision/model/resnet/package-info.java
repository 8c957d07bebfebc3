/** Residual networks, torchvision's and those for 32x32 images: networks, their blocks, their published weights. */
package dev.graft.vision.model.resnet;
