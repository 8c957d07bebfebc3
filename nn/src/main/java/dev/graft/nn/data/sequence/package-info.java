/**
 * Nucleotide sequences: files (FASTA, tables, BED, GFF, VCF), encodings, windows, and groups of near-identical
 * sequences.
 */
@NullMarked
package dev.graft.nn.data.sequence;

import org.jspecify.annotations.NullMarked;
