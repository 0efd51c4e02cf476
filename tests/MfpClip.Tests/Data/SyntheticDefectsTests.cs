using MfpClip.Data;

namespace MfpClip.Tests.Data;

public class SyntheticDefectsTests
{
    [Theory]
    [InlineData(120, 80)]
    [InlineData(64, 150)]
    [InlineData(96, 96)]
    public void A_photo_changes_inside_the_mask_only_and_keeps_its_size(int width, int height)
    {
        var good = Photo(width, height);
        byte[] before = [.. good.Data];
        int defective = 0;
        for (int seed = 0; seed < 12; seed++)
        {
            var pasted = SyntheticDefects.Paste(good, seed, new() { ClassName = "gasket" });

            Assert.Equal(before, good.Data);
            Assert.Equal((width, height), (pasted.Image.Width, pasted.Image.Height));
            Assert.Contains("gasket", pasted.Caption, StringComparison.Ordinal);
            Assert.Equal(pasted.Defects.Count > 0, pasted.Mask.Contains(true));
            defective += pasted.Defects.Count > 0 ? 1 : 0;
            for (int i = 0; i < pasted.Mask.Length; i++)
            {
                if (!pasted.Mask[i])
                {
                    Assert.True(before.AsSpan(3 * i, 3).SequenceEqual(pasted.Image.Data.AsSpan(3 * i, 3)), $"pixel {i} changed outside the mask");
                }
            }

            Assert.All(pasted.Defects, d => Assert.True(d.X >= 0 && d.Y >= 0 && d.X + d.Width <= width && d.Y + d.Height <= height));
        }

        Assert.True(defective >= 10, $"{defective} of 12 photos became defective");
    }

    [Fact]
    public void Holes_keep_to_the_product_whether_it_is_marked_or_found_on_an_even_background()
    {
        var good = Photo(96, 96, disc: true);
        var product = Enumerable.Range(0, 96 * 96).Select(i => Inside(i % 96, i / 96, 27)).ToArray();
        var near = Enumerable.Range(0, 96 * 96).Select(i => Inside(i % 96, i / 96, 31)).ToArray();
        foreach (bool marked in new[] { true, false })
        {
            var options = new SyntheticDefectOptions { Kinds = [DefectKind.Hole, DefectKind.Stain, DefectKind.Scratch], Product = marked ? product : null };
            int changed = 0;
            for (int seed = 0; seed < 10; seed++)
            {
                var pasted = SyntheticDefects.Paste(good, seed, options);
                changed += pasted.Mask.Count(m => m);
                Assert.All(Enumerable.Range(0, 96 * 96).Where(i => pasted.Mask[i]), i => Assert.True(near[i], $"({i % 96}, {i / 96}) lies on the background"));
            }

            Assert.True(changed > 100);
        }
    }

    [Fact]
    public void A_seed_gives_the_same_defects_again_and_bad_options_are_refused()
    {
        var good = Photo(80, 64);
        var a = SyntheticDefects.Paste(good, 5);
        var b = SyntheticDefects.Paste(good, 5);

        Assert.Equal(a.Image.Data, b.Image.Data);
        Assert.Equal(a.Mask, b.Mask);
        Assert.Equal(a.Caption, b.Caption);
        Assert.NotEqual(a.Image.Data, SyntheticDefects.Paste(good, 6).Image.Data);
        Assert.Throws<ArgumentException>(() => SyntheticDefects.Paste(Photo(20, 64), 1));
        Assert.Throws<ArgumentException>(() => SyntheticDefects.Paste(good, 1, new() { Kinds = [] }));
        Assert.Throws<ArgumentException>(() => SyntheticDefects.Paste(good, 1, new() { Product = new bool[7] }));
    }

    // A grey gradient with some texture, or a bright disc on an even ground.
    private static RgbImage Photo(int width, int height, bool disc = false)
    {
        var pixels = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            int x = i % width, y = i / width;
            byte v = disc ? (byte)(Inside(x, y, 28) ? 150 + ((x * 7) + (y * 5)) % 13 : 40) : (byte)(90 + (x / 3) + ((x * 13) + (y * 29)) % 17);
            (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = (v, v, (byte)(v - 8));
        }

        return new(width, height, pixels);
    }

    private static bool Inside(int x, int y, int radius) => ((x - 48) * (x - 48)) + ((y - 48) * (y - 48)) <= radius * radius;
}
