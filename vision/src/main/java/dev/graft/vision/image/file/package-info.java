/**
 * What applications specify and learn about image files: how to decode them, which window of wide samples to use, notes
 * about odd files, and the exception for bad ones. New options for reading go here.
 */
@NullMarked
package dev.graft.vision.image.file;

import org.jspecify.annotations.NullMarked;
