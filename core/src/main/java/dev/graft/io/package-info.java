/**
 * Weight files: safetensors and PyTorch's three containers, read without PyTorch, and written so that PyTorch reads
 * them.
 *
 * <p>{@link dev.graft.io.WeightFiles#load} recognises the containers by content:
 *
 * <ul>
 *   <li>safetensors;
 *   <li>the ZIP that {@code torch.save} writes since 1.6 ({@code torch-zip});
 *   <li>the pickle stream before it ({@code torch-legacy});
 *   <li>the tar file of 2016 and 2017 ({@code torch-tar}), which some of torchvision's own weights still are.
 * </ul>
 *
 * <p>Files are assumed to be hostile. Pickles are interpreted by a machine that can only build data, from a list of
 * allowed names. Nothing is looked up by reflection, and there is no other mode. Sizes are checked against the file
 * before memory is allocated; a tensor holds at most 2 GiB, a checkpoint's pickle at most 64 MiB and 2,000,000 values,
 * and the tensors of one file at most sixteen times its size (expanded and shared tensors repeat their bytes). Every
 * problem is reported as a {@link dev.graft.io.file.WeightFileException}.
 *
 * <p>This package has what applications call. The packages below it are {@code torch} and {@code safetensors} (one
 * format each), {@code archive} (ZIP, tar), {@code content} and {@code bytes} (shared by formats), and
 * {@link dev.graft.io.file} (atomic writes, the exception). A new format gets its own package, and a class here only if
 * applications choose it by name.
 */
@NullMarked
package dev.graft.io;

import org.jspecify.annotations.NullMarked;
