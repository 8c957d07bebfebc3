/**
 * From image to image, a class each, with torchvision's names, and the pipelines made of them: {@code Preprocessing}
 * says what a network wants, {@code ImagePipeline} does it. The next augmentation goes here; arithmetic on pixels that
 * it needs goes into {@link dev.graft.vision.image.ImageOps}.
 */
@NullMarked
package dev.graft.vision.image.transform;

import org.jspecify.annotations.NullMarked;
