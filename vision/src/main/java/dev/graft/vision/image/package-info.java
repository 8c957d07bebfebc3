/**
 * Decoding images and the transforms that turn them into network input, equal to Pillow's and torchvision's results.
 */
package dev.graft.vision.image;
