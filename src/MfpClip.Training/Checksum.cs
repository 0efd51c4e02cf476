using System.Numerics;
using System.Runtime.InteropServices;

namespace MfpClip.Training;

/// <summary>CRC-32C (Castagnoli) of bytes, to tell whether what was stored is what is read; eight bytes an instruction where the processor has one.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> data, uint before = 0)
    {
        uint crc = ~before;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte b in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
