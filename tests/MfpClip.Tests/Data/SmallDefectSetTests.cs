using System.Security.Cryptography;
using MfpClip.Data;

namespace MfpClip.Tests.Data;

/// <summary>Large pictures with small defects: exact sizes, exact masks, far apart, the same bytes everywhere.</summary>
public sealed class SmallDefectSetTests
{
    private static readonly SmallDefectOptions Options = new() { Width = 1200, Height = 800 };

    [Theory]
    [InlineData("tile", 10)]
    [InlineData("wood", 10)]
    [InlineData("metal nut", 6)] // six of ten find a place on this product; six other pictures of metal nuts took all ten
    public void Defects_have_the_size_asked_for_and_stand_apart(string category, int count)
    {
        var picture = SmallDefectSet.Render(category, 1, 2, Options);
        var normal = SmallDefectSet.Render(category, 1, 2, Options with { DefectsOfEachSize = 0 });

        Assert.Equal((1200, 800), (picture.Image.Width, picture.Image.Height));
        Assert.Equal(count, picture.Defects.Count);
        Assert.All(picture.Defects, d => Assert.Contains(d.Size, Options.Sizes));
        Assert.All(picture.Defects, d => Assert.True(d.Contrast >= 10, $"{d}"));
        Assert.Empty(normal.Defects);
        Assert.DoesNotContain(true, normal.Mask.Data);
        Assert.Equal(picture.Defects.Sum(d => d.Area), picture.Mask.Data.Count(m => m));
        foreach (var (d, i) in picture.Defects.Select((d, i) => (d, i)))
        {
            var inside = Enumerable.Range(0, d.Width * d.Height).Where(k => picture.Mask.Data[((d.Y + (k / d.Width)) * 1200) + d.X + (k % d.Width)]).ToList();
            Assert.Equal(d.Area, inside.Count);
            // The mask reaches all four edges of its box.
            Assert.Equal([0, d.Width - 1, 0, d.Height - 1], [inside.Min(k => k % d.Width), inside.Max(k => k % d.Width), inside.Min(k => k / d.Width),
                inside.Max(k => k / d.Width)]);
            Assert.All(picture.Defects.Skip(i + 1), o => Assert.True(Away(d, o) > 32, $"{d} and {o}"));
        }
    }

    [Fact]
    public void Outside_the_mask_it_is_the_normal_picture_and_inside_it_is_visibly_another()
    {
        var picture = SmallDefectSet.Render("ceramic", 3, 4, Options);
        var normal = SmallDefectSet.Render("ceramic", 3, 4, Options with { DefectsOfEachSize = 0 });
        for (int i = 0; i < picture.Mask.Data.Length; i++)
        {
            int change = Enumerable.Range(0, 3).Max(c => Math.Abs(picture.Image.Data[(3 * i) + c] - normal.Image.Data[(3 * i) + c]));
            Assert.True(picture.Mask.Data[i] ? change >= 6 : change == 0, $"pixel {i} changes by {change}");
        }
    }

    [Fact]
    public void Bytes_follow_from_the_seeds_alone()
    {
        var options = new SmallDefectOptions { Width = 640, Height = 480, DefectsOfEachSize = 1 };
        string[] hashes = [.. new[] { "wire mesh", "pill" }.Select(c => Hash(SmallDefectSet.Render(c, 5, 6, options)))];

        Assert.Equal(Expected, hashes);
        Assert.NotEqual(hashes[0], Hash(SmallDefectSet.Render("wire mesh", 5, 7, options)));
        Assert.NotEqual(hashes[0], Hash(SmallDefectSet.Render("wire mesh", 6, 6, options)));
    }

    private static readonly string[] Expected = ["C17228E2C9F87045", "366C77FEF1652706"];

    [Fact]
    public void Wrong_options_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SmallDefectSet.Render("no such product", 1, 1, Options));
        Assert.Throws<ArgumentException>(() => SmallDefectSet.Render("tile", 1, 1, Options with { Sizes = [2] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SmallDefectSet.Render("tile", 1, 1, Options with { Width = 100 }));
    }

    private static double Away(SmallDefect a, SmallDefect b)
    {
        double dx = Math.Max(Math.Max(a.X - b.X - b.Width, b.X - a.X - a.Width), 0), dy = Math.Max(Math.Max(a.Y - b.Y - b.Height, b.Y - a.Y - a.Height), 0);
        return Math.Sqrt((dx * dx) + (dy * dy));
    }

    private static string Hash(SmallDefectPicture picture) => Convert.ToHexString(SHA256.HashData(
        [.. picture.Image.Data, .. picture.Mask.Data.Select(m => m ? (byte)1 : (byte)0)]))[..16];
}
