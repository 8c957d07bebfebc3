/** The front door: fine-tune a network on images, load the result, predict. */
@NullMarked
package dev.graft.vision;

import org.jspecify.annotations.NullMarked;
