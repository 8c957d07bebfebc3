package dev.graft.vision.image.decode;

import dev.graft.vision.image.dicom.DicomFault;
import dev.graft.vision.image.dicom.DicomFile;
import dev.graft.vision.image.dicom.GreyValues;
import dev.graft.vision.image.dicom.PixelLayout;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.Window;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * A frame of a DICOM file: grey levels through the file's own tables or a {@link Window}, or colours. JPEG frames are
 * read by {@link JpegDecoder}, others by {@link DicomFile}. Overlays, colour profiles and presentation states are
 * ignored.
 */
final class DicomDecoder {
    private final ImageDecoder owner;
    private final byte[] bytes;

    DicomDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    Pixels decode() throws IOException {
        try {
            int frame = owner.decoding().frame();
            DicomFile file = DicomFile.parse(bytes, frame, owner::checkSize);
            if (frame > file.frames()) {
                throw owner.error(
                        "frame " + frame + " of " + file.frames() + " is asked for", "choose one that the file has");
            }
            Pixels pixels = file.isJpeg() ? jpeg(file, frame - 1) : plain(file, frame - 1);
            if (file.frames() > 1) {
                owner.note(ImageNote.Kind.FRAMES, "frame " + frame + " of " + file.frames());
            }
            file.aspect()
                    .ifPresent(ratio -> owner.note(
                            ImageNote.Kind.ASPECT, String.format(Locale.ROOT, "%.3g times as high as wide", ratio)));
            return pixels;
        } catch (DicomFault fault) {
            throw owner.error(fault.problem(), fault.hint());
        }
    }

    private Pixels jpeg(DicomFile file, int frame) throws IOException {
        PixelLayout layout = file.layout();
        byte[] inner = file.jpeg(frame);
        JpegDecoder decoder = new JpegDecoder(owner.inside(inner), inner);
        JpegHeader header = decoder.header(Optional.of(
                layout.colour() == PixelLayout.Colour.RGB ? JpegHeader.Colour.RGB : JpegHeader.Colour.YCBCR));
        if (header.width() != layout.columns()
                || header.height() != layout.rows()
                || header.components() != layout.samples()
                || header.precision() > layout.allocated()) {
            throw owner.error(
                    "its JPEG has " + header.width() + "x" + header.height() + " pixels, " + header.components()
                            + " components and " + header.precision() + " bits, while DICOM says " + layout.columns()
                            + "x" + layout.rows() + ", " + layout.samples() + " and " + layout.allocated(),
                    "copy the file again from its source");
        }
        return layout.isColour() ? decoder.decode(header) : oneSample(file, frame, decoder.greySamples(header));
    }

    private Pixels plain(DicomFile file, int frame) {
        PixelLayout layout = file.layout();
        short[] cells = file.cells(frame);
        if (!layout.isColour()) {
            return oneSample(file, frame, cells);
        }
        short[] values = file.values(cells);
        if (layout.stored() > 8) {
            if (layout.colour() != PixelLayout.Colour.RGB) {
                throw owner.error(
                        "DICOM's " + layout.colour() + " of " + layout.stored() + " bits is not read",
                        "convert it to RGB");
            }
            return new WideSamples(layout.columns(), layout.rows(), 3, values, false, (1 << layout.stored()) - 1, false)
                    .toImage(owner);
        }
        byte[] data = new byte[values.length];
        int white = (1 << layout.stored()) - 1;
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (values[i] * 255 / white);
        }
        if (layout.colour() != PixelLayout.Colour.RGB) {
            ColourConversion.yccToRgb(data, data.length / 3, 3);
        }
        return new Pixels(layout.columns(), layout.rows(), 3, data);
    }

    private Pixels oneSample(DicomFile file, int frame, short[] cells) {
        PixelLayout layout = file.layout();
        if (!layout.isGrey()) {
            return new Pixels(layout.columns(), layout.rows(), 3, file.palette().rgb(cells));
        }
        GreyValues values = file.greyValues(frame);
        Window window = owner.decoding().window();
        if (window.kind() == Window.Kind.FULL) {
            values.fewBits(cells)
                    .ifPresent(
                            bits -> owner.note(ImageNote.Kind.FEW_BITS, bits + " of its " + layout.stored() + " bits"));
        } else {
            owner.note(ImageNote.Kind.WINDOWED, window.toString());
        }
        return new Pixels(layout.columns(), layout.rows(), 1, values.levels(cells, window));
    }
}
