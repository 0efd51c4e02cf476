using System.Buffers.Binary;

namespace MfpClip.ImageSharp;

/// <summary>The header of a BMP file: whether all of its pixels are in it. ImageSharp fills up one that breaks off.</summary>
internal static class BmpStructure
{
    public static bool Begins(ReadOnlySpan<byte> file) => file.StartsWith("BM"u8);

    /// <exception cref="ImageDecodeException">It is compressed, damaged or truncated.</exception>
    public static void Check(ReadOnlySpan<byte> file, string source)
    {
        if (file.Length < 54 || BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) < 40)
        {
            throw new ImageDecodeException(source, "its header is damaged, or of a kind that MfpClip.ImageSharp does not decode.");
        }

        uint start = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]), compression = BinaryPrimitives.ReadUInt32LittleEndian(file[30..]);
        long width = BinaryPrimitives.ReadInt32LittleEndian(file[18..]), height = Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..]));
        long bits = BinaryPrimitives.ReadUInt16LittleEndian(file[28..]);
        if (compression is not (0 or 3 or 6))
        {
            throw new ImageDecodeException(
                source, "it is a compressed BMP, of which MfpClip.ImageSharp cannot tell whether it is whole. Use the default decoder.");
        }

        if (width < 1 || height < 1 || start + (((width * bits) + 31) / 32 * 4 * height) > file.Length)
        {
            throw new ImageDecodeException(source, "it is truncated: the file ends before the image does.");
        }
    }
}
