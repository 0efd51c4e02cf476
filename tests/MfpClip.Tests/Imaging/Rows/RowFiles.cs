namespace MfpClip.Tests.Imaging.Rows;

/// <summary>Reads a file by rows and as a whole.</summary>
internal static class RowFiles
{
    /// <summary>All rows, in portions of changing size.</summary>
    public static byte[] ReadAll(IImageRowReader rows)
    {
        byte[] all = new byte[rows.Width * rows.Height * 3];
        for (int y = 0, portion = 1; y < rows.Height; portion = ((portion * 3) + 1) % 41)
        {
            int count = Math.Min(portion, rows.Height - y);
            rows.Read(all.AsSpan(y * rows.Width * 3, count * rows.Width * 3));
            y += count;
        }

        return all;
    }

    /// <summary>The image by rows; <see langword="null"/> where the decoder says that it must be decoded whole.</summary>
    public static RgbImage? ByRows(IImageRowDecoder decoder, byte[] file, RowLimits? limits = null)
    {
        string path = Path.Combine(Path.GetTempPath(), $"mfpclip-rows-{Guid.NewGuid():N}");
        File.WriteAllBytes(path, file);
        try
        {
            using var rows = decoder.OpenRows(path, limits ?? new());
            return rows is null ? null : new(rows.Width, rows.Height, ReadAll(rows));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Fails unless a file's rows are the pixels of the whole.</summary>
    public static void SameAsWhole(IImageRowDecoder decoder, byte[] file)
    {
        var byRows = ByRows(decoder, file);
        var whole = decoder.Decode(file, "whole", new());
        Assert.NotNull(byRows);
        Assert.Equal((whole.Width, whole.Height), (byRows.Width, byRows.Height));
        Assert.True(whole.Pixels.SequenceEqual(byRows.Pixels), $"first at {whole.Pixels.CommonPrefixLength(byRows.Pixels)} of {whole.Pixels.Length}");
    }

    /// <summary>The image by rows, or <see langword="null"/> where it is refused with the typed error.</summary>
    public static RgbImage? OrRefused(IImageRowDecoder decoder, byte[] file, RowLimits? limits = null)
    {
        try
        {
            return ByRows(decoder, file, limits);
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }
}
