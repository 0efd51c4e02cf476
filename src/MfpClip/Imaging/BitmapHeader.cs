using System.Buffers.Binary;

namespace MfpClip.Imaging;

/// <summary>A .dib file may be a BMP without its first 14 bytes, as it lies in memory; decoders want them.</summary>
internal static class BitmapHeader
{
    private const int Length = 14, InfoLength = 40, BitFields = 3;

    /// <summary>The same file with the bytes before it that were missing; any other file as it is.</summary>
    public static ReadOnlyMemory<byte> Complete(ReadOnlyMemory<byte> encoded)
    {
        var info = encoded.Span;
        if (info.Length <= InfoLength || Number(info, 0) is not (InfoLength or 52 or 56 or 108 or 124) || info[12] != 1 || info[13] != 0
            || BinaryPrimitives.ReadUInt16LittleEndian(info[14..]) is not (1 or 4 or 8 or 16 or 24 or 32) || Number(info, 16) > BitFields)
        {
            return encoded;
        }

        int bits = BinaryPrimitives.ReadUInt16LittleEndian(info[14..]);
        long colors = Number(info, 32) is > 0 and var stated ? stated : bits <= 8 ? 1L << bits : 0;
        long masks = Number(info, 0) == InfoLength && Number(info, 16) == BitFields ? 12 : 0;
        long pixels = Length + Number(info, 0) + masks + (4 * colors);
        if (pixels > uint.MaxValue)
        {
            return encoded;
        }

        byte[] whole = new byte[Length + info.Length];
        (whole[0], whole[1]) = ((byte)'B', (byte)'M');
        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(2), (uint)whole.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(10), (uint)pixels);
        info.CopyTo(whole.AsSpan(Length));
        return whole;
    }

    private static long Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
