/**
 * What a format hands to {@link dev.graft.io.StateDict} and takes from it: named tensors that are not read yet, and the
 * names of element types. Not exported. Every format, read or written, speaks in these types and in no others.
 */
package dev.graft.io.content;
