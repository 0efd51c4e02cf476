using MfpClip.Imaging;

namespace MfpClip.Tests.Imaging.Rows;

public class ImageReaderRowsTests
{
    private static readonly RgbImage _image = new(2, 3, [.. Enumerable.Range(1, 18).Select(i => (byte)i)]);

    [Fact]
    public void A_decoded_image_gives_its_rows_one_after_the_other()
    {
        using var rows = new DecodedRows(_image);
        byte[] two = new byte[12], last = new byte[6];

        rows.Read(two);
        rows.Read(last);

        Assert.Equal([.. Enumerable.Range(1, 12).Select(i => (byte)i)], two);
        Assert.Equal([13, 14, 15, 16, 17, 18], last);
        Assert.Contains("1 rows were asked for, but 0 are left", Assert.Throws<ArgumentException>(() => rows.Read(last)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_a_row_is_refused() => Assert.Throws<ArgumentException>(() => new DecodedRows(_image).Read(new byte[7]));

    [Fact]
    public void A_file_is_opened_by_rows_and_nothing_else()
    {
        string path = Path.GetTempFileName();
        byte[] png = PngFile.Random(1, 6, 7, 8, 2);
        File.WriteAllBytes(path, png);
        try
        {
            using var rows = ImageReader.OpenRows(path, new SkiaImageDecoder(), new());

            Assert.Equal((6, 7), (rows!.Width, rows.Height));
            Assert.Null(ImageReader.OpenRows(ImageInput.FromBytes(png), new SkiaImageDecoder(), new()));
            Assert.Null(ImageReader.OpenRows(_image, new SkiaImageDecoder(), new()));
            Assert.Null(ImageReader.OpenRows(path, new MfpClip.ImageSharp.ImageSharpDecoder(), new()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_the_typed_error()
    {
        string folder = Directory.CreateTempSubdirectory("mfpclip-rows-").FullName;
        string empty = Path.Combine(folder, "empty.png");
        File.WriteAllBytes(empty, []);
        foreach (var (path, reason) in new[] { (Path.Combine(folder, "none.png"), "no such file"), (folder, "a folder"), (empty, "empty (0 bytes)") })
        {
            var e = Assert.Throws<ImageDecodeException>(() => new SkiaImageDecoder().OpenRows(path, new()));

            Assert.Contains(reason, e.Message, StringComparison.Ordinal);
            Assert.Equal(path, e.ImageName);
        }

        Directory.Delete(folder, recursive: true);
    }
}
