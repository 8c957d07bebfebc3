/**
 * Containers that hold files: ZIP (as {@code torch.save} and NumPy write it) and tar. Not exported. The next container
 * goes here; what lies in it belongs to its format's room.
 */
package dev.graft.io.archive;
