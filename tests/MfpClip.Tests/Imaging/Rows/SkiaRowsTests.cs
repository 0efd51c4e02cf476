using MfpClip.Imaging;
using SkiaSharp;

namespace MfpClip.Tests.Imaging.Rows;

public class SkiaRowsTests
{
    // 21 x 17 pixels, made with libjpeg: the second has one scan a component.
    private const string ProgressiveJpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZP"
        + "NS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAARABUDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAMCAf/EABcB"
        + "AQEBAQAAAAAAAAAAAAAAAAMEAgX/2gAMAwEAAhADEAAAAbZxHI1RLeBrwdS3/8QAGhAAAQUBAAAAAAAAAAAAAAAAAAECEBESIP/aAAgBAQABBQKNCuL5/8QAFxEAAwEAAAAAAAAAAAAA"
        + "AAAAAAEDBP/aAAgBAwEBPwGOQWREhH//xAAaEQACAwEBAAAAAAAAAAAAAAAAAQIDIREx/9oACAECAQE/AUowyOs5cUC8P//EABQQAQAAAAAAAAAAAAAAAAAAADD/2gAIAQEABj8CH//E"
        + "ABoQAAICAwAAAAAAAAAAAAAAAAABETEgIVH/2gAIAQEAAT8hG4sfKIa2NneP/9oADAMBAAIAAwAAABBTOP8A/8QAGBEAAwEBAAAAAAAAAAAAAAAAAAExEBH/2gAIAQMBAT8QY6jgmIP/"
        + "xAAdEQACAQQDAAAAAAAAAAAAAAAAAREhMUHRgZGx/9oACAECAQE/EKUeHehOUpxwtGJaP//EABoQAQEBAAMBAAAAAAAAAAAAAAEAERAhUUH/2gAIAQEAAT8QWMagIR7E93IumV78mdS2"
        + "zPH/2Q==";

    private const string SeparateScansJpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZP"
        + "NS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAARABUDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAQQC/8QAHRAA"
        + "AgICAwEAAAAAAAAAAAAAAQIAEQMEISJRQf/aAAgBAQAAPwCwmYdwotiAJO22Aeqkj26jl2gvCUx9+SR8jObYkzFxMDCf/8QAFgEBAQEAAAAAAAAAAAAAAAAABAMG/8QAIREAAQIEBwAA"
        + "AAAAAAAAAAAAAQACAwQR0RIiMkGBkaH/2gAIAQIRAD8AmxsKDlhjE7zuyWGThFQacCyPIbLUM0hf/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/xAAaEQABBQEAAAAAAAAAAAAAAAAAAQIE"
        + "BTER/9oACAEDEQA/ABw6lV1C+2pbzBUUtNw//9k=";

    private static readonly SkiaImageDecoder _decoder = new();

    public static TheoryData<int, int> PngKinds => new()
    {
        { 0, 1 }, { 0, 2 }, { 0, 4 }, { 0, 8 }, { 0, 16 }, { 2, 8 }, { 2, 16 }, { 3, 1 }, { 3, 2 }, { 3, 4 }, { 3, 8 }, { 4, 8 }, { 4, 16 }, { 6, 8 },
        { 6, 16 },
    };

    [Theory]
    [MemberData(nameof(PngKinds))]
    public void Rows_of_png_are_those_of_the_whole(int colorType, int bitDepth)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            var random = new Random(seed);
            int width = random.Next(1, 70), height = random.Next(1, 90);
            byte[] palette = new byte[3 * random.Next(1, (1 << Math.Min(bitDepth, 8)) + 1)];
            random.NextBytes(palette);
            (string, byte[])[] chunks = colorType == 3 ? [("gAMA", [0, 0, 0x80, 0]), ("PLTE", palette), ("tRNS", [seed > 2 ? (byte)0 : (byte)9])]
                : colorType is 0 && seed > 1 ? [("tRNS", [0, 1])] : [("tEXt", "Comment\0none"u8.ToArray())];

            RowFiles.SameAsWhole(_decoder, PngFile.Random(seed, width, height, bitDepth, colorType, random.Next(1, 200), chunks));
        }
    }

    [Fact]
    public void Sixteen_bits_a_sample_become_the_upper_eight()
    {
        using var memory = new MemoryStream();
        using (var png = new PngFile(memory, 256, 256, 16, 0))
        {
            for (int y = 0; y < 256; y++)
            {
                png.Row([0, .. Enumerable.Range(0, 256).SelectMany(x => new[] { (byte)y, (byte)x })]);
            }
        }

        var image = RowFiles.ByRows(_decoder, memory.ToArray())!;

        Assert.True(Enumerable.Range(0, 65536).All(i => image.Data[3 * i] == i >> 8));
        RowFiles.SameAsWhole(_decoder, memory.ToArray());
    }

    [Theory]
    [InlineData(SKColorType.Rgba8888, 90)]
    [InlineData(SKColorType.Gray8, 60)]
    public void Rows_of_jpeg_are_those_of_the_whole(SKColorType kind, int quality)
    {
        foreach (var (width, height) in new[] { (1, 1), (16, 16), (65, 131), (200, 33) })
        {
            RowFiles.SameAsWhole(_decoder, SmallImages.Encoded(SKEncodedImageFormat.Jpeg, width, height, quality, kind));
        }
    }

    [Theory]
    [InlineData(ProgressiveJpeg)]
    [InlineData(SeparateScansJpeg)]
    public void A_jpeg_that_keeps_all_coefficients_is_read_within_the_limit_and_refused_beyond_it(string base64)
    {
        byte[] file = Convert.FromBase64String(base64);

        RowFiles.SameAsWhole(_decoder, file);

        // 21 x 17 pixels in 2 x 2 units of 16 x 16, each of six blocks of 64 coefficients.
        Assert.NotNull(RowFiles.ByRows(_decoder, file, new() { MaximumMemory = 2 * 2 * 6 * 64 * 2 }));
        var e = Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, file, new() { MaximumMemory = (2 * 2 * 6 * 64 * 2) - 1 }));
        Assert.Contains("save it as a baseline JPEG, or raise the limit", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 40, 0)]
    [InlineData(8, 40, 7)]
    [InlineData(24, 40, 0)]
    [InlineData(32, 40, 0)]
    [InlineData(24, 124, 0)]
    public void Rows_of_bmp_are_those_of_the_whole(int bits, int header, int colors)
    {
        foreach (int height in new[] { 19, -19, 1 })
        {
            RowFiles.SameAsWhole(_decoder, SmallImages.Bitmap(bits, 23, height, header, colors));
        }
    }

    [Fact]
    public void A_bmp_of_known_pixels_is_read_from_its_top()
    {
        byte[] file = SmallImages.Bitmap(24, 1, 2, 40, 0);
        ((byte[])[10, 20, 30, 0, 40, 50, 60, 0]).CopyTo(file, 54);

        Assert.Equal([60, 50, 40, 30, 20, 10], RowFiles.ByRows(_decoder, file)!.Data);
    }

    [Fact]
    public void What_cannot_be_read_by_rows_is_left_to_the_whole()
    {
        byte[] turned = PngFile.Random(1, 5, 5, 8, 2, 50, ("eXIf", [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]));
        byte[] jpeg = SmallImages.Encoded(SKEncodedImageFormat.Jpeg, 16, 16, 90, SKColorType.Rgba8888);
        byte[] turnedJpeg =
        [
            .. jpeg[..2], 0xff, 0xe1, 0, 34, .. "Exif\0\0"u8,
            (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, .. jpeg[2..],
        ];
        using var interlaced = new MemoryStream();
        using (var png = new PngFile(interlaced, 1, 1, 8, 0, interlaced: true))
        {
            png.Row([0, 77]);
        }

        byte[] webp = SmallImages.Encoded(SKEncodedImageFormat.Webp, 9, 9, 90, SKColorType.Rgba8888);
        foreach (byte[] file in new[] { turned, turnedJpeg, interlaced.ToArray(), webp })
        {
            Assert.Null(RowFiles.ByRows(_decoder, file));
            Assert.True(_decoder.Decode(file, "whole", new()).Width > 0);
        }
    }

    [Fact]
    public void Rows_of_a_large_picture_need_the_memory_of_a_few_rows()
    {
        const int Width = 20_000, Height = 600;
        string path = Path.GetTempFileName();
        byte[] row = new byte[1 + (Width * 3)], rows = new byte[Width * 3 * 40];
        using (var stream = File.Create(path))
        using (var png = new PngFile(stream, Width, Height, 8, 2))
        {
            for (int y = 0; y < Height; y++)
            {
                row.AsSpan(1).Fill((byte)y);
                png.Row(row);
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        using (var reader = _decoder.OpenRows(path, new())!)
        {
            for (int y = 0; y < Height; y += 40)
            {
                reader.Read(rows);
                Assert.True(rows.AsSpan(0, Width * 3).IndexOfAnyExcept((byte)y) < 0 && rows.AsSpan(39 * Width * 3).IndexOfAnyExcept((byte)(y + 39)) < 0);
            }
        }

        // Of 36 MB of pixels.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
        File.Delete(path);
    }

    [SkippableFact]
    public void Every_file_of_the_cases_gives_the_rows_of_the_whole()
    {
        int same = 0;
        foreach (string file in Directory.EnumerateFiles(SharedCases.Folder("."), "*", SearchOption.AllDirectories)
            .Where(f => _decoder.FileExtensions.Contains(Path.GetExtension(f).ToLowerInvariant()) && new FileInfo(f).Length < 100_000))
        {
            byte[] bytes = File.ReadAllBytes(file);
            if (RowFiles.OrRefused(_decoder, bytes) is { } rows)
            {
                Assert.True(_decoder.Decode(bytes, file, new() { MaximumSideRatio = double.MaxValue }).Pixels.SequenceEqual(rows.Pixels), file);
                same++;
            }
        }

        Assert.True(same > 50, $"{same}");
    }
}
