/** What tensors and backends share: the shape of a tensor and the type of its elements. */
@NullMarked
package dev.graft.type;

import org.jspecify.annotations.NullMarked;
