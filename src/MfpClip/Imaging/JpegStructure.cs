using System.Buffers.Binary;

namespace MfpClip.Imaging;

/// <summary>What the markers of a JPEG file say, without decoding it: for decoders that would fill up a file that breaks off.</summary>
/// <param name="Width">Declared width in pixels.</param>
/// <param name="Height">Declared height in pixels.</param>
/// <param name="IsProgressive">Whether it comes in several scans of growing precision.</param>
/// <param name="Scans">Number of scans: each passes over all pixels.</param>
/// <param name="IsComplete">Whether the image itself, not a thumbnail inside it, ends with its end marker.</param>
public sealed record JpegStructure(int Width, int Height, bool IsProgressive, int Scans, bool IsComplete)
{
    /// <summary>Pixels times scans at most: a few bytes a scan cost as much as a whole image.</summary>
    private const long MaximumWork = 3_000_000_000;

    private const int MaximumScans = 100;

    /// <summary>Reads the markers.</summary>
    /// <param name="file">The whole file.</param>
    /// <returns><see langword="null"/> where it does not begin as a JPEG.</returns>
    public static JpegStructure? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 4 || !file.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff]))
        {
            return null;
        }

        var found = new JpegStructure(0, 0, false, 0, false);
        for (int at = 2; at + 1 < file.Length;)
        {
            if (file[at] != 0xff)
            {
                // Entropy-coded data, or bytes that nobody asked for.
                int next = file[at..].IndexOf((byte)0xff);
                at = next < 0 ? file.Length : at + next;
                continue;
            }

            byte marker = file[at + 1];
            if (marker is 0xff)
            {
                at++;
                continue;
            }

            if (marker is 0x00 or 0x01 or (>= 0xd0 and <= 0xd8))
            {
                at += 2; // no segment: a stuffed byte, a restart
                continue;
            }

            if (marker == 0xd9)
            {
                return found with { IsComplete = found.Scans > 0 };
            }

            if (at + 4 > file.Length || BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]) is var length && (length < 2 || at + 2 + length > file.Length))
            {
                return found;
            }

            bool frame = marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc);
            if (frame && length >= 8)
            {
                var segment = file[(at + 4)..];
                found = found with
                {
                    Height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), Width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]),
                    IsProgressive = marker is 0xc2 or 0xc6 or 0xca or 0xce,
                };
            }

            found = marker == 0xda ? found with { Scans = found.Scans + 1 } : found;
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
        }

        return found;
    }

    /// <summary>Refuses a file that breaks off, or whose scans would take minutes.</summary>
    /// <param name="source">Name of the image.</param>
    /// <exception cref="ImageDecodeException">It does.</exception>
    public void Check(string source)
    {
        CheckScans(source);
        if (!IsComplete)
        {
            throw new ImageDecodeException(source, "it is truncated: the file ends before the image does.");
        }
    }

    /// <summary>Refuses a file whose scans would take minutes.</summary>
    /// <param name="source">Name of the image.</param>
    /// <exception cref="ImageDecodeException">They would.</exception>
    public void CheckScans(string source)
    {
        if (Scans > MaximumScans || (long)Width * Height * Math.Max(Scans, 1) > MaximumWork)
        {
            throw new ImageDecodeException(
                source, $"its {Width} x {Height} pixels come in {Scans} scans, which would take minutes to decode. Save it as a baseline JPEG.");
        }
    }
}
