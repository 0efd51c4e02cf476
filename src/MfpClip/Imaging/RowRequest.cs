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
}
