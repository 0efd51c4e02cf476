using System.Numerics;

namespace MfpClip.Imaging.Rows;

/// <summary>Undoes the prediction of a PNG row (RFC 2083, section 6).</summary>
internal static class PngFilter
{
    /// <param name="kind">The row's first byte: 0 none, 1 left, 2 above, 3 mean of both, 4 Paeth.</param>
    /// <param name="row">The row without that byte; its bytes are replaced.</param>
    /// <param name="above">The row above, zeros above the first.</param>
    /// <param name="pixel">Bytes a pixel, at least 1.</param>
    /// <returns>Whether the kind is known.</returns>
    public static bool Undo(int kind, Span<byte> row, ReadOnlySpan<byte> above, int pixel)
    {
        above = above[..row.Length];
        switch (kind)
        {
            case 0:
                break;
            case 1:
                for (int i = pixel; i < row.Length; i++)
                {
                    row[i] += row[i - pixel];
                }

                break;
            case 2:
                Add(row, above);
                break;
            case 3:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += (byte)(((i < pixel ? 0 : row[i - pixel]) + above[i]) >> 1);
                }

                break;
            case 4:
                for (int i = 0; i < row.Length; i++)
                {
                    row[i] += i < pixel ? above[i] : Nearest(row[i - pixel], above[i], above[i - pixel]);
                }

                break;
            default:
                return false;
        }

        return true;
    }

    private static void Add(Span<byte> row, ReadOnlySpan<byte> above)
    {
        int i = 0;
        for (; i <= row.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            (new Vector<byte>(row[i..]) + new Vector<byte>(above[i..])).CopyTo(row[i..]);
        }

        for (; i < row.Length; i++)
        {
            row[i] += above[i];
        }
    }

    private static byte Nearest(int left, int above, int corner)
    {
        int toLeft = Math.Abs(above - corner), toAbove = Math.Abs(left - corner), toCorner = Math.Abs(left + above - corner - corner);
        return (byte)(toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner);
    }
}
