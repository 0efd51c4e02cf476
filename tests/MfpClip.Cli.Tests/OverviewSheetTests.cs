using SkiaSharp;

namespace MfpClip.Cli.Tests;

/// <summary>The overview of a run: text without any font of the system, and a place for every image.</summary>
public sealed class OverviewSheetTests
{
    private const int Gap = 14, Pair = 324, Head = 54, Row = 160 + 46 + 14;

    [Fact]
    public void Every_character_of_a_score_is_drawn_and_none_looks_like_another()
    {
        using var text = new SheetText();
        string[] drawn = [.. "0123456789.-".Select(c => Drawn(text, c.ToString()))];

        Assert.All(drawn, d => Assert.Contains('1', d));
        Assert.Equal(drawn.Length, drawn.Distinct().Count());
        Assert.DoesNotContain('1', Drawn(text, " "));
    }

    [Theory]
    [InlineData("part-01.png", "part-01.png")]
    [InlineData("Prüfstück Ø5.png", "Prüfstück Ø5.png")]
    [InlineData("零件零件_07.png", "…_07.png")]
    [InlineData("деталь", "…")]
    [InlineData("a😀b\u0007c", "a…b…c")]
    public void Characters_without_a_glyph_become_an_ellipsis_not_boxes(string name, string expected)
    {
        using var text = new SheetText();

        Assert.Equal(expected, text.Readable(name));
    }

    [Fact]
    public void Long_names_are_shortened_in_the_middle_to_the_width_they_have()
    {
        using var text = new SheetText();
        string name = string.Concat(Enumerable.Repeat("camera-left/", 12)) + "part-0417.png";

        string fitted = text.Fitted(name, 200, 13);

        Assert.InRange(text.Width(fitted, 13), 120, 200);
        Assert.StartsWith("camera", fitted, StringComparison.Ordinal);
        Assert.EndsWith("part-0417.png", fitted, StringComparison.Ordinal);
        Assert.Equal("a.png", text.Fitted("a.png", 200, 13));
    }

    [Fact]
    public void Each_image_has_its_pictures_a_number_and_its_score_and_others_than_the_first_48_are_counted()
    {
        var sheet = new OverviewSheet();
        Assert.Null(sheet.Draw(new()));
        for (int i = 0; i < 60; i++)
        {
            sheet.Add(Result($"{i}.png", 0.5f, i == 0), Filled(200, 40, 10), Filled(200, 40, 240));
        }

        var drawn = sheet.Draw(new())!;

        Assert.Equal((Gap + (4 * (Pair + Gap)), Head + (12 * Row) + 58), (drawn.Width, drawn.Height));
        for (int i = 0; i < 48; i++)
        {
            int x = Gap + (i % 4 * (Pair + Gap)), y = Head + (i / 4 * Row);
            Assert.Equal(10, drawn.Pixels[((((y + 80) * drawn.Width) + x + 80) * 3)]);
            Assert.Equal(240, drawn.Pixels[((((y + 80) * drawn.Width) + x + 244) * 3)]);
            Assert.InRange(Dark(drawn, x, y + 164, 16, 16), 5, 200); // the number
            Assert.InRange(Dark(drawn, x, y + 186, 50, 16), 20, 400); // the score
        }

        Assert.True(Red(drawn, Gap, Head + 186, Pair) > 20 && Red(drawn, Gap + Pair + Gap, Head + 186, Pair) == 0); // one decision of two
    }

    [Fact]
    public void The_sheet_of_one_image_is_wide_enough_for_its_legend_and_follows_the_score()
    {
        RgbImage Draw(float score)
        {
            var sheet = new OverviewSheet();
            sheet.Add(Result("零件.png", score, null), Filled(8, 8, 10), Filled(8, 8, 240));
            return sheet.Draw(new())!;
        }

        var (low, high) = (Draw(0.1f), Draw(0.9f));

        Assert.Equal((Gap + (2 * (Pair + Gap)), Head + Row + 58), (low.Width, low.Height));
        Assert.NotEqual(low.Data, high.Data);
        Assert.Equal(low.Data, Draw(0.1f).Data);
    }

    private static AnomalyResult Result(string name, float score, bool? anomalous) => new()
    {
        ImageName = name, ClassName = "object", Score = score, IsAnomalous = anomalous, Threshold = anomalous is null ? null : 0.5f, ModelMap = new(1, 1, [0]),
        ImageWidth = 8, ImageHeight = 8, PixelThreshold = 0.5f, Timings = new(),
    };

    private static RgbImage Filled(int width, int height, byte value)
    {
        byte[] pixels = new byte[width * height * 3];
        Array.Fill(pixels, value);
        return new(width, height, pixels);
    }

    private static int Dark(RgbImage image, int left, int top, int width, int height) => Enumerable.Range(0, width * height).Count(
        i => image.Pixels[((((top + (i / width)) * image.Width) + left + (i % width)) * 3) + 1] < 160);

    private static int Red(RgbImage image, int left, int top, int width) => Enumerable.Range(0, width * 16).Count(i =>
        (((top + (i / width)) * image.Width) + left + (i % width)) * 3 is var at && image.Pixels[at] > image.Pixels[at + 1] + 60);

    private static string Drawn(SheetText text, string what)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(24, 24, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        text.Draw(canvas, what, 4, 18, 16, SKColors.Black);
        return string.Concat(bitmap.Pixels.Select(p => p.Red < 128 ? '1' : '0'));
    }
}
