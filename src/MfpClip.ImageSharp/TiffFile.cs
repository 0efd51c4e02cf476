using System.Buffers.Binary;

namespace MfpClip.ImageSharp;

/// <summary>The first directory of a TIFF file: its orientation, and whether the pixels that it lists are in the file.</summary>
internal static class TiffFile
{
    private const int EntryLength = 12, Short = 3, Long = 4;
    private const int StripOffsets = 273, OrientationTag = 274, StripByteCounts = 279, TileOffsets = 324, TileByteCounts = 325;

    /// <summary>Whether a file begins as TIFF does.</summary>
    public static bool Begins(ReadOnlySpan<byte> file) => file.Length > 8 && (file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8)
        || file.StartsWith("II+\0"u8) || file.StartsWith("MM\0+"u8));

    /// <summary>Whether every strip or tile of the first image ends before the file does; what cannot be told counts as whole.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> file)
    {
        uint[] offsets = [.. Values(file, StripOffsets), .. Values(file, TileOffsets)];
        uint[] counts = [.. Values(file, StripByteCounts), .. Values(file, TileByteCounts)];
        for (int i = 0; i < Math.Min(offsets.Length, counts.Length); i++)
        {
            if ((long)offsets[i] + counts[i] > file.Length)
            {
                return false;
            }
        }

        return offsets.Length > 0 || !IsClassic(file);
    }

    /// <summary>The orientation, 1 to 8; 1 where none is stated.</summary>
    public static int Orientation(ReadOnlySpan<byte> file) => Values(file, OrientationTag) is [var value and >= 1 and <= 8, ..] ? (int)value : 1;

    private static bool IsClassic(ReadOnlySpan<byte> file) => file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8);

    // Of BigTIFF nothing is read here.
    private static uint[] Values(ReadOnlySpan<byte> file, int tag)
    {
        if (!IsClassic(file) || file.Length < 10)
        {
            return [];
        }

        bool little = file[0] == 'I';
        uint start = Number(file[4..], Long, little);
        if (start > file.Length - 2)
        {
            return [];
        }

        int entries = (int)Number(file[(int)start..], Short, little);
        for (int i = 0, at = (int)start + 2; i < entries && at + EntryLength <= file.Length; i++, at += EntryLength)
        {
            var entry = file.Slice(at, EntryLength);
            int kind = (int)Number(entry[2..], Short, little);
            if (Number(entry, Short, little) != tag || kind is not (Short or Long))
            {
                continue;
            }

            int size = kind == Short ? 2 : 4;
            uint count = Number(entry[4..], Long, little);
            long from = (long)count * size <= 4 ? at + 8 : Number(entry[8..], Long, little);
            if (from + ((long)count * size) > file.Length)
            {
                return [];
            }

            var values = new uint[count];
            for (int k = 0; k < values.Length; k++)
            {
                values[k] = Number(file[(int)(from + ((long)k * size))..], kind, little);
            }

            return values;
        }

        return [];
    }

    private static uint Number(ReadOnlySpan<byte> bytes, int kind, bool little) => (kind, little) switch
    {
        (Short, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (Short, false) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt32BigEndian(bytes),
    };
}
