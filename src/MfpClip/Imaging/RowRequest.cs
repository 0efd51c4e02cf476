namespace MfpClip.Imaging;

/// <summary>How many rows a buffer asks an <see cref="IImageRowReader"/> for.</summary>
internal static class RowRequest
{
    /// <param name="bytes">Length of the buffer.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="left">Rows that are not read yet.</param>
    /// <returns>Rows.</returns>
    /// <exception cref="ArgumentException">No multiple of a row, or more than are left.</exception>
    public static int Count(int bytes, int width, int left)
    {
        if (bytes % ((long)width * 3) != 0)
        {
            throw new ArgumentException($"{bytes} bytes are no multiple of a row, which has {(long)width * 3}.", nameof(bytes));
        }

        long rows = bytes / ((long)width * 3);
        return rows <= left ? (int)rows : throw new ArgumentException($"{rows} rows were asked for, but {left} are left.", nameof(bytes));
    }

    /// <summary>Reads an image to its end, some rows at a time.</summary>
    /// <param name="rows">Nothing of it was read yet.</param>
    /// <param name="take">Takes the number of a row and its pixels.</param>
    /// <param name="cancellationToken">Checked between rows.</param>
    public static void ReadAll(this IImageRowReader rows, RowAction take, CancellationToken cancellationToken)
    {
        const int Bytes = 1 << 20;
        int stride = rows.Width * 3, height = rows.Height;
        byte[] buffer = new byte[stride * Math.Clamp(Bytes / stride, 1, height)];
        for (int y = 0; y < height;)
        {
            var some = buffer.AsSpan(0, Math.Min(buffer.Length, (height - y) * stride));
            rows.Read(some);
            for (int at = 0; at < some.Length; at += stride, y++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                take(y, some.Slice(at, stride));
            }
        }
    }
}

/// <summary>Takes one row of an image.</summary>
/// <param name="y">Its number.</param>
/// <param name="row">RGB, three bytes a pixel.</param>
internal delegate void RowAction(int y, ReadOnlySpan<byte> row);
