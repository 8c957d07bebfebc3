/**
 * One decoder for each format, from bytes to {@link dev.graft.vision.image.decode.Pixels}, with sizes checked first.
 * Not exported; {@link dev.graft.vision.image.Image#read(java.nio.file.Path)} is the entry point. A new format gets a
 * class here and a line in {@code ImageDecoder}, which recognises formats by their first bytes.
 */
package dev.graft.vision.image.decode;
