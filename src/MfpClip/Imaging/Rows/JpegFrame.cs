using System.Buffers.Binary;

namespace MfpClip.Imaging.Rows;

/// <summary>What the markers of a JPEG say about its image, up to the first scan (ITU-T T.81, annex B).</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Progressive">Whether every scan refines the image, so that all coefficients must be kept.</param>
/// <param name="ScansPerImage">Whether the first scan has not all components: then, too, all coefficients must be kept.</param>
/// <param name="CoefficientBytes">Bytes of all coefficients, 16 bits each.</param>
internal sealed record JpegFrame(int Width, int Height, bool Progressive, bool ScansPerImage, double CoefficientBytes)
{
    /// <summary>The first bytes of every JPEG.</summary>
    public static ReadOnlySpan<byte> Start => [0xff, 0xd8, 0xff];

    /// <summary>Whether a decoder must keep the coefficients of the whole image.</summary>
    public bool KeepsCoefficients => Progressive || ScansPerImage;

    /// <summary>Reads the markers, from the position of the stream.</summary>
    /// <returns>The frame; <see langword="null"/> where the markers end or contradict the format.</returns>
    public static JpegFrame? Read(Stream stream)
    {
        Span<byte> two = stackalloc byte[2];
        if (!Filled(stream, two) || two[0] != 0xff || two[1] != 0xd8)
        {
            return null;
        }

        JpegFrame? frame = null;
        int components = 0;
        while (true)
        {
            int marker = NextMarker(stream);
            if (marker is >= 0xd0 and <= 0xd7 or 0x01)
            {
                continue;
            }

            if (marker is < 0 or 0xd8 or 0xd9 || !Filled(stream, two))
            {
                return null;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(two) - 2;
            if (length < 0)
            {
                return null;
            }

            if (marker is (>= 0xc0 and <= 0xcf) and not (0xc4 or 0xc8 or 0xcc) || marker == 0xda)
            {
                byte[] content = new byte[length];
                if (!Filled(stream, content))
                {
                    return null;
                }

                if (marker == 0xda)
                {
                    return frame is null || length < 1 ? null : frame with { ScansPerImage = content[0] < components };
                }

                (frame, components) = (Frame(content, marker), length > 5 ? content[5] : 0);
                if (frame is null)
                {
                    return null;
                }
            }
            else
            {
                stream.Seek(length, SeekOrigin.Current);
            }
        }
    }

    private static JpegFrame? Frame(ReadOnlySpan<byte> frame, int marker)
    {
        if (frame.Length < 6 || frame.Length < 6 + (3 * frame[5]))
        {
            return null;
        }

        int height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]);
        int across = 1, down = 1;
        for (int i = 0; i < frame[5]; i++)
        {
            int sampling = frame[7 + (3 * i)];
            (across, down) = (Math.Max(across, sampling >> 4), Math.Max(down, sampling & 15));
        }

        // Blocks of 8 x 8 coefficients of 16 bits, whole units of interleaving.
        double units = Math.Ceiling(width / (8.0 * across)) * Math.Ceiling(height / (8.0 * down)), bytes = 0;
        for (int i = 0; i < frame[5]; i++)
        {
            int sampling = frame[7 + (3 * i)];
            bytes += units * (sampling >> 4) * (sampling & 15) * 64 * sizeof(short);
        }

        return new JpegFrame(width, height, marker is 0xc2 or 0xc6 or 0xca or 0xce, false, bytes);
    }

    private static int NextMarker(Stream stream)
    {
        int value;
        while ((value = stream.ReadByte()) is >= 0 and not 0xff)
        {
        }

        while (value == 0xff)
        {
            value = stream.ReadByte();
        }

        return value;
    }

    private static bool Filled(Stream stream, Span<byte> bytes) => stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length;
}
