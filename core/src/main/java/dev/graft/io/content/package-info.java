/**
 * What formats exchange with {@link dev.graft.io.StateDict}: named tensors that are not read yet, and the names of
 * element types. Not exported. Every format uses these types, and no others, for reading and writing.
 */
package dev.graft.io.content;
