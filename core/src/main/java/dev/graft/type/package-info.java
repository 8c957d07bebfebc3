/** What tensors and backends share: the shape of a tensor and the type of its elements. */
package dev.graft.type;
