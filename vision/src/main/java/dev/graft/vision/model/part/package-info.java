/**
 * What networks of several families are built with, and applications do not call. Not exported. A block that only one
 * family uses is in that family's package.
 */
package dev.graft.vision.model.part;
