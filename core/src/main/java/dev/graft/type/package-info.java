/** What a tensor and a backend both speak of: the shape of a tensor and the type of its elements. */
package dev.graft.type;
