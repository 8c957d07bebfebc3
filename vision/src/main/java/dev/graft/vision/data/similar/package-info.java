/** Images that are the same, or nearly: fingerprints, and a search that does not compare all pairs. */
@NullMarked
package dev.graft.vision.data.similar;

import org.jspecify.annotations.NullMarked;
