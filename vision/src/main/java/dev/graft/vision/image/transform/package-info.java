/**
 * Transforms from image to image with torchvision's names, one class each, and the pipelines made of them:
 * {@code Preprocessing} says what a network expects, and {@code ImagePipeline} does it. New augmentations go here; the
 * arithmetic on pixels that they need goes into {@link dev.graft.vision.image.ImageOps}.
 */
@NullMarked
package dev.graft.vision.image.transform;

import org.jspecify.annotations.NullMarked;
