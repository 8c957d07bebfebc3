/**
 * DICOM files (<a href="https://dicom.nema.org/medical/dicom/current/output/chtml/part05/PS3.5.html">PS3.5</a>): the
 * attributes that a picture depends on, the bytes of a frame, and the tables that turn stored values into grey levels.
 * Whatever else a file says, a patient's name above all, is skipped and never kept. Not exported;
 * {@code image.decode.DicomDecoder} puts the parts together.
 */
package dev.graft.vision.image.dicom;
