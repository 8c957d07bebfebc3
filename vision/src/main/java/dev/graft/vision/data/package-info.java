/** Image data sets. */
@NullMarked
package dev.graft.vision.data;

import org.jspecify.annotations.NullMarked;
