using System.Buffers.Binary;

namespace MfpClip.Tiff;

/// <summary>The samples of TIFF rows as 8-bit RGB: of 16 bits the upper eight, as SkiaImageDecoder does with PNG; alpha dropped.</summary>
internal static class TiffSamples
{
    /// <summary>Takes the used samples of a stored row, 8 bits each.</summary>
    /// <param name="row">
    /// As LibTiff decoded it: 16-bit samples in the byte order of the file, their differences as they are where LibTiff cannot add them.
    /// </param>
    /// <param name="samples">Filled with <see cref="TiffLayout.UsedSamples"/> values a pixel, of separate planes only this one.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="plane">Which plane the row is of.</param>
    /// <param name="layout">How it is stored.</param>
    public static void Unpack(Span<byte> row, Span<byte> samples, int width, int plane, TiffLayout layout)
    {
        int used = layout.UsedSamples, taken = layout.Separate ? 1 : used, stored = layout.StoredSamples;
        if (layout.Bits < 8)
        {
            int most = (1 << layout.Bits) - 1;
            for (int x = 0, at = 0; x < width; x++, at += layout.Bits)
            {
                int value = (row[at >> 3] >> (8 - layout.Bits - (at & 7))) & most;
                samples[(x * used) + plane] = (byte)(layout.IsPalette ? value : value * 255 / most);
            }

            return;
        }

        if (layout.UpperFirst && layout.Predictor == 2)
        {
            AddDifferences(row, stored);
        }

        int size = layout.Bits / 8, upper = size == 2 && !layout.UpperFirst ? 1 : 0;
        if (size == 1 && stored == used)
        {
            row[..(width * used)].CopyTo(samples);
            return;
        }

        for (int x = 0; x < width; x++)
        {
            int from = (x * stored * size) + upper, to = (x * used) + plane;
            for (int i = 0; i < taken; i++)
            {
                samples[to + i] = row[from + (i * size)];
            }
        }
    }

    /// <summary>Makes RGB of samples.</summary>
    /// <param name="samples"><see cref="TiffLayout.UsedSamples"/> values a pixel.</param>
    /// <param name="rgb">Filled with three bytes a pixel.</param>
    /// <param name="layout">What they mean.</param>
    public static void ToRgb(ReadOnlySpan<byte> samples, Span<byte> rgb, TiffLayout layout)
    {
        int used = layout.UsedSamples;
        if (used == 3)
        {
            samples.CopyTo(rgb);
            return;
        }

        for (int from = 0, to = 0; to < rgb.Length; from += used, to += 3)
        {
            if (layout.IsPalette)
            {
                layout.Palette.AsSpan(samples[from] * 3, 3).CopyTo(rgb[to..]);
                continue;
            }

            int alpha = layout.Premultiplied ? samples[from + used - 1] : 255;
            for (int i = 0; i < 3; i++)
            {
                int value = samples[layout.ColorSamples == 3 ? from + i : from];
                value = alpha == 255 ? value : alpha == 0 ? 0 : Math.Min(255, value * 255 / alpha);
                rgb[to + i] = (byte)(layout.IsInverted ? 255 - value : value);
            }
        }
    }

    private static void AddDifferences(Span<byte> row, int samples)
    {
        for (int at = samples * 2; at + 1 < row.Length; at += 2)
        {
            int before = BinaryPrimitives.ReadUInt16BigEndian(row[(at - (samples * 2))..]);
            BinaryPrimitives.WriteUInt16BigEndian(row[at..], (ushort)(before + BinaryPrimitives.ReadUInt16BigEndian(row[at..])));
        }
    }
}
