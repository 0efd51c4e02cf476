using MfpClip.Output;

namespace MfpClip.Evaluation.Tests;

/// <summary>A folder that is gone after the test, with small images to fill it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    /// <summary>An image whose pixels follow from its name, so that no two files are alike.</summary>
    public string Picture(string relative, int width = 8, int height = 6)
    {
        var random = new Random(relative.Aggregate(17, (h, c) => unchecked((h * 31) + c)));
        var pixels = new byte[width * height * 3];
        random.NextBytes(pixels);
        return Write(relative, new(width, height, pixels));
    }

    /// <summary>A mask: a filled rectangle on black.</summary>
    public string Mask(string relative, int width = 8, int height = 6, int x = 1, int y = 2, int w = 3, int h = 2, byte value = 255)
    {
        var pixels = new byte[width * height * 3];
        for (int row = y; row < y + h; row++)
        {
            Array.Fill(pixels, value, ((row * width) + x) * 3, w * 3);
        }

        return Write(relative, new(width, height, pixels));
    }

    public string Text(string relative, string text)
    {
        string path = this[relative];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private string Write(string relative, RgbImage image)
    {
        MapFiles.WritePng(this[relative], image);
        return this[relative];
    }
}
